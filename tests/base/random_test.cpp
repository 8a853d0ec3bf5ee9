#include "millrace/base/random.hpp"
#include "support/seed.hpp"

#include <array>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

/// Gives out prepared numbers.
class scripted_random final : public random_source {
public:
  explicit scripted_random(std::vector<std::uint64_t> numbers) : numbers_{std::move(numbers)} {}

  std::uint64_t next() override { return numbers_.at(at_++); }

private:
  std::vector<std::uint64_t> numbers_;
  std::size_t at_ = 0;
};

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("the numbers of a seed are those of SplitMix64, on every machine") {
  // From the reference implementation with the seed 1234567.
  seeded_random random{1'234'567};
  CHECK(random.next() == 6'457'827'717'110'365'317ULL);
  CHECK(random.next() == 3'203'168'211'198'807'973ULL);
  CHECK(random.next() == 9'817'491'932'198'370'423ULL);
}

TEST_CASE("uniform is never 1") {
  scripted_random random{{0, largest}};
  CHECK(random.uniform() == 0.0);
  CHECK(random.uniform() < 1.0);
}

TEST_CASE("below draws again where the remainder would not be even") {
  // 2^64 mod 3 is 1: only the number 0 is refused.
  scripted_random random{{0, 1, largest}};
  CHECK(random.below(3) == 1);
  CHECK(random.below(3) == 0);
  CHECK_THROWS_AS((void)random.below(0), stream_error);
}

TEST_CASE("below is in range and reaches everything") {
  seeded_random random{test::seed()};
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i)
    ++counts.at(random.below(7));
  for (const int count : counts) {
    // Eight standard deviations: chance does not get there.
    CHECK(count > 9'200);
    CHECK(count < 10'800);
  }
  CHECK(random.below(1) == 0);
}

} // namespace
