#include "millrace/window/half_windows.hpp"
#include "support/seed.hpp"

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using detail::half_windows;

namespace {

batch_time at(std::int64_t ms) { return batch_time{ms}; }

} // namespace

TEST_CASE("pieces are half a window long, also before the epoch") {
  const half_windows even(milliseconds(10));
  CHECK(even.number_of(at(0)) == 0);
  CHECK(even.number_of(at(4)) == 0);
  CHECK(even.number_of(at(5)) == 1);
  CHECK(even.number_of(at(-1)) == -1);
  CHECK(even.number_of(at(-5)) == -1);
  CHECK(even.number_of(at(-6)) == -2);
  const half_windows odd(milliseconds(5));
  CHECK(odd.number_of(at(2)) == 0);
  CHECK(odd.number_of(at(3)) == 1);
}

TEST_CASE("a window lies in three pieces, which have slots of their own") {
  for (std::int64_t length : {1, 2, 3, 10, 11, 997}) {
    const half_windows halves{milliseconds(length)};
    for (std::int64_t now = -2'500; now < 2'500; ++now) {
      const std::int64_t present = halves.number_of(at(now));
      CHECK(halves.number_of(at(now - length + 1)) >= present - 2);
      CHECK_FALSE(halves.expired(at(now - length + 1), at(now)));
      CHECK(halves.expired(at(now - length), at(now)));
      CHECK(std::set{half_windows::slot_of(present), half_windows::slot_of(present - 1),
                     half_windows::slot_of(present - 2)} == std::set<std::size_t>{0, 1, 2});
    }
  }
}

TEST_CASE("regular batches share the work evenly and are done in time") {
  for (std::int64_t batches : {2, 3, 4, 9, 10, 100, 1'000}) {
    const half_windows halves(seconds(batches));
    std::vector<std::int64_t> whole;
    for (std::int64_t t = 0; halves.number_of(at(t)) == 0; t += 1'000)
      whole.push_back(t);
    std::size_t left = whole.size();
    for (std::int64_t now = whole.back() + 1'000; now < batches * 1'000; now += 1'000) {
      const std::size_t share = halves.share(left, at(0), at(now - 1'000), at(now));
      CHECK(share <= 2);
      if (batches % 2 == 0)
        CHECK(share == 1);
      left -= share;
    }
    CHECK(left == 0);
  }
}

TEST_CASE("whatever the batches, no share is more than what is left and all is done in time") {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 2'000; ++round) {
    const std::int64_t length = 1 + static_cast<std::int64_t>(random() % 1'000);
    const half_windows halves{milliseconds(length)};
    const auto oldest = static_cast<std::int64_t>(random() % 100);
    const std::size_t all = 1 + random() % 50;
    std::size_t left = all;
    for (std::int64_t before = oldest, now = oldest; left != 0; before = now) {
      now += 1 + static_cast<std::int64_t>(random() % 300);
      const std::size_t share = halves.share(left, at(oldest), at(before), at(now));
      REQUIRE(share <= left);
      REQUIRE(share >= 1);
      left -= share;
      if (halves.expired(at(oldest), at(now)))
        REQUIRE(left == 0);
    }
  }
}
