#include "millrace/base/clock.hpp"
#include "millrace/base/error.hpp"
#include "millrace/base/random.hpp"
#include "millrace/intake/token_bucket.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

const auto t0 = token_bucket::time_point{} + 1000s;

constexpr auto unlimited = token_bucket_options::unlimited;

} // namespace

TEST_CASE("an update is capped by the maximal rate") {
  token_bucket free{{}, t0};
  free.update_rate(105, t0);
  CHECK(free.current_limit() == 105);
  token_bucket above{{.initial_rate = 100, .max_rate = 110}, t0};
  above.update_rate(105, t0);
  CHECK(above.current_limit() == 105);
  token_bucket below{{.max_rate = 100}, t0};
  CHECK(below.current_limit() == 100);
  below.update_rate(105, t0);
  CHECK(below.current_limit() == 100);
}

TEST_CASE("an update that is not positive is ignored") {
  token_bucket bucket{{.initial_rate = 50}, t0};
  for (double rate : {0.0, -1.0, std::nan(""), -unlimited})
    bucket.update_rate(rate, t0);
  CHECK(bucket.current_limit() == 50);
}

TEST_CASE("no limit, no wait") {
  token_bucket bucket{{}, t0};
  CHECK(bucket.current_limit() == token_bucket::no_limit);
  CHECK(bucket.reserve(std::numeric_limits<std::uint64_t>::max(), t0) == 0ns);
  CHECK(bucket.reserve(1, t0) == 0ns);
  bucket.update_rate(10, t0);
  CHECK(bucket.reserve(1, t0) == 100ms);
}

TEST_CASE("waits are as long as the debt, and unused permits count up to one second") {
  token_bucket bucket{{.initial_rate = 10}, t0};
  CHECK(bucket.reserve(1, t0) == 100ms);
  CHECK(bucket.reserve(2, t0) == 300ms);
  CHECK(bucket.reserve(0, t0) == 300ms);
  CHECK(bucket.reserve(0, t0 + 250ms) == 50ms);
  CHECK(bucket.reserve(0, t0 + 300ms) == 0ns);
  // Half a second later there are 5 unused permits; an hour later there are 10, not 36,000.
  CHECK(bucket.reserve(5, t0 + 800ms) == 0ns);
  CHECK(bucket.reserve(10, t0 + 1h) == 0ns);
  CHECK(bucket.reserve(1, t0 + 1h) == 100ms);
}

TEST_CASE("more than a second's worth goes into debt instead of being refused") {
  token_bucket bucket{{.initial_rate = 10}, t0};
  CHECK(bucket.reserve(1000, t0) == 100s);
  CHECK(bucket.reserve(1, t0 + 100s) == 100ms);
  token_bucket slow{{.initial_rate = 1e-9}, t0};
  const auto longest = slow.reserve(std::numeric_limits<std::uint64_t>::max(), t0);
  CHECK(longest > std::chrono::hours{24 * 365 * 100});
  CHECK(t0 + longest > t0);
}

TEST_CASE("a change of rate holds from its time on") {
  token_bucket bucket{{.initial_rate = 10}, t0};
  CHECK(bucket.reserve(20, t0) == 2s);
  bucket.update_rate(100, t0 + 1s);
  CHECK(bucket.reserve(0, t0 + 1s) == 100ms);
  // Saved permits shrink to one second's worth of the new rate.
  bucket.update_rate(100, t0 + 10s);
  bucket.update_rate(5, t0 + 10s);
  CHECK(bucket.reserve(6, t0 + 10s) == 200ms);
}

TEST_CASE("time does not go back") {
  token_bucket bucket{{.initial_rate = 10}, t0};
  CHECK(bucket.reserve(1, t0) == 100ms);
  CHECK(bucket.reserve(0, t0 - 1s) == 1100ms);
  CHECK(bucket.reserve(0, t0) == 100ms);
}

TEST_CASE("whoever waits as told gets the rate in the long run, and never more") {
  seeded_random random{test::seed()};
  for (double rate : {1001.0, 10.0, 0.5, 123456.0}) {
    manual_clock clock;
    const auto start = clock.steady_now();
    token_bucket bucket{{.initial_rate = rate}, start};
    // Chunks of up to 2 s worth; the manual clock rounds waits up to milliseconds, which the bucket
    // must make up for.
    const auto largest = static_cast<std::uint64_t>(std::max(1.0, 2 * rate));
    std::uint64_t passed = 0;
    for (int i = 0; i < 2000; ++i) {
      const auto n = 1 + random.below(largest);
      const auto wait = bucket.reserve(n, clock.steady_now());
      clock.advance(duration{std::chrono::ceil<std::chrono::milliseconds>(wait).count()});
      passed += n;
      const auto elapsed_s = std::chrono::duration<double>(clock.steady_now() - start).count();
      CHECK(static_cast<double>(passed) <=
            rate * elapsed_s + rate + 1e-6 * static_cast<double>(passed));
    }
    const auto elapsed_s = std::chrono::duration<double>(clock.steady_now() - start).count();
    const auto measured = static_cast<double>(passed) / elapsed_s;
    CHECK(measured == doctest::Approx(rate).epsilon(0.01));
  }
}

TEST_CASE("41,000 bytes at 10,000 a second take four seconds") {
  manual_clock clock;
  token_bucket bucket{{.initial_rate = 10'000}, clock.steady_now()};
  for (int left = 41'000; left > 0; left -= 8192) {
    const auto n = static_cast<std::uint64_t>(std::min(left, 8192));
    const auto wait = bucket.reserve(n, clock.steady_now());
    clock.advance(duration{std::chrono::ceil<std::chrono::milliseconds>(wait).count()});
  }
  CHECK(clock.wall_now().ms() >= 4000);
  CHECK(clock.wall_now().ms() <= 4200);
}

TEST_CASE("an initial rate that is not positive is refused") {
  for (double rate : {0.0, -5.0, std::nan("")})
    CHECK_THROWS_AS((token_bucket{{.initial_rate = rate}, t0}), stream_error);
}
