#include "millrace/base/error.hpp"
#include "millrace/base/random.hpp"
#include "millrace/base/time.hpp"
#include "support/seed.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

#include <doctest/doctest.h>

namespace {

using namespace millrace;
using namespace std::chrono_literals;

using time_list = std::vector<batch_time>;

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

static_assert(std::is_convertible_v<std::chrono::seconds, duration>);
static_assert(std::is_convertible_v<std::chrono::milliseconds, duration>);
static_assert(!std::is_convertible_v<std::chrono::microseconds, duration>);
static_assert(!std::is_convertible_v<std::chrono::duration<double>, duration>);
static_assert(!std::is_convertible_v<std::int64_t, duration>);
static_assert(!std::is_convertible_v<duration, batch_time>);

template <class Body>
errc code_of(Body body) {
  try {
    body();
  } catch (const stream_error& e) {
    return e.code();
  }
  return errc::ok;
}

TEST_CASE("a duration is made from chrono and from numbers") {
  CHECK(duration{2s}.ms() == 2'000);
  CHECK(duration{3min} == minutes(3));
  CHECK(duration{1h} == seconds(3'600));
  CHECK(milliseconds(250).chrono() == 250ms);
  CHECK(duration{}.is_zero());
}

TEST_CASE("durations are added, subtracted, multiplied, divided and compared as in Spark") {
  CHECK(seconds(1) + milliseconds(500) == milliseconds(1'500));
  CHECK(seconds(1) - milliseconds(1'500) == milliseconds(-500));
  CHECK(milliseconds(200) * 3 == milliseconds(600));
  CHECK(milliseconds(200) * std::size_t{3} == milliseconds(600));
  CHECK(milliseconds(200) * -1 == milliseconds(-200));
  CHECK(seconds(1) / milliseconds(400) == doctest::Approx(2.5));
  CHECK(std::isinf(seconds(1) / duration{}));
  CHECK(seconds(1) < 2s);
  CHECK(seconds(2) >= 2s);
  CHECK(seconds(1).min(seconds(2)) == seconds(1));
  CHECK(seconds(1).max(seconds(2)) == seconds(2));
}

TEST_CASE("multiples of a duration") {
  struct row {
    std::int64_t ms, of;
    bool expected;
  };
  for (const auto& [ms, of, expected] :
       {row{1'000, 500, true}, row{1'000, 300, false}, row{0, 300, true}, row{1'000, 0, false},
        row{0, 0, false}, row{-900, 300, true}, row{300, 600, false}, row{smallest, -1, true}}) {
    CAPTURE(ms);
    CAPTURE(of);
    CHECK(duration{ms}.is_multiple_of(duration{of}) == expected);
    CHECK(batch_time{ms}.is_multiple_of(duration{of}) == expected);
  }
}

TEST_CASE("floor rounds down to the grid, also before its zero") {
  struct row {
    std::int64_t time, step, zero, expected;
  };
  for (const auto& [time, step, zero, expected] :
       {row{1'350, 200, 0, 1'200}, row{1'200, 200, 0, 1'200}, row{1'199, 200, 0, 1'000},
        row{1'350, 200, 150, 1'350}, row{1'349, 200, 150, 1'150}, row{150, 200, 150, 150},
        row{149, 200, 150, -50}, row{-1, 1'000, 0, -1'000}, row{-1'000, 1'000, 0, -1'000},
        row{-1'001, 1'000, 0, -2'000}, row{0, 1, 0, 0}, row{5, 200, 1'000, 0}}) {
    CAPTURE(time);
    CAPTURE(step);
    CAPTURE(zero);
    CHECK(batch_time{time}.floor(duration{step}, batch_time{zero}).ms() == expected);
    if (zero == 0)
      CHECK(batch_time{time}.floor(duration{step}).ms() == expected);
  }
  CHECK(code_of([] { (void)batch_time{1}.floor(duration{0}); }) == errc::invalid_argument);
  CHECK(code_of([] { (void)batch_time{1}.floor(duration{-5}); }) == errc::invalid_argument);
}

TEST_CASE("floor of any time is on the grid and less than a step below") {
  seeded_random random{test::seed()};
  for (int i = 0; i < 20'000; ++i) {
    const batch_time time{static_cast<std::int64_t>(random.below(1U << 31U)) - (1LL << 30)};
    const batch_time zero{static_cast<std::int64_t>(random.below(1U << 31U)) - (1LL << 30)};
    const duration step{1 + static_cast<std::int64_t>(random.below(100'000))};
    const auto floor = time.floor(step, zero);
    REQUIRE(floor <= time);
    REQUIRE(time - floor < step);
    REQUIRE((floor - zero).is_multiple_of(step));
    // Where Spark's integer division and rounding down are the same thing.
    if (time >= zero) {
      const auto spark = (time - zero).ms() / step.ms() * step.ms() + zero.ms();
      REQUIRE(floor.ms() == spark);
    }
  }
}

TEST_CASE("times and durations combine") {
  const batch_time t{1'000};
  CHECK(t + 500ms == batch_time{1'500});
  CHECK(t - 1'500ms == batch_time{-500});
  CHECK(batch_time{1'500} - t == milliseconds(500));
  CHECK(t.min(batch_time{5}) == batch_time{5});
  CHECK(t.max(batch_time{5}) == t);
}

TEST_CASE("until is half open, to is closed") {
  const batch_time a{1'000};
  CHECK(a.until(batch_time{1'600}, 200ms) ==
        time_list{batch_time{1'000}, batch_time{1'200}, batch_time{1'400}});
  CHECK(a.to(batch_time{1'600}, 200ms) ==
        time_list{batch_time{1'000}, batch_time{1'200}, batch_time{1'400}, batch_time{1'600}});
  CHECK(a.to(batch_time{1'599}, 200ms).size() == 3);
  CHECK(a.until(batch_time{1'601}, 200ms).size() == 4);
  CHECK(a.until(a, 200ms).empty());
  CHECK(a.to(a, 200ms) == time_list{a});
  CHECK(a.until(batch_time{999}, 200ms).empty());
  CHECK(a.to(batch_time{999}, 200ms).empty());
  CHECK(batch_time{-400}.until(batch_time{1}, 200ms) ==
        time_list{batch_time{-400}, batch_time{-200}, batch_time{0}});
}

TEST_CASE("until and to refuse a step that is not positive, and a list without end") {
  const batch_time a{0};
  CHECK(code_of([&] { (void)a.until(batch_time{9}, 0ms); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)a.to(batch_time{9}, -1ms); }) == errc::invalid_argument);
  const auto most = static_cast<std::int64_t>(batch_time::max_listed);
  CHECK(a.until(batch_time{most}, 1ms).size() == batch_time::max_listed);
  CHECK(code_of([&] { (void)a.until(batch_time{most + 1}, 1ms); }) == errc::too_large);
  CHECK(code_of([&] { (void)a.to(batch_time{most}, 1ms); }) == errc::too_large);
  CHECK(batch_time{smallest}.to(batch_time{largest}, duration{largest}) ==
        time_list{batch_time{smallest}, batch_time{-1}, batch_time{largest - 1}});
}

TEST_CASE("arithmetic that does not fit is an error") {
  CHECK(code_of([] { (void)(duration{largest} + 1ms); }) == errc::limit_exceeded);
  CHECK(code_of([] { (void)(duration{smallest} - 1ms); }) == errc::limit_exceeded);
  CHECK(code_of([] { (void)(duration{largest} * 2); }) == errc::limit_exceeded);
  CHECK(code_of([] { (void)(duration{1} * ~std::uint64_t{0}); }) == errc::limit_exceeded);
  CHECK(code_of([] { (void)(batch_time{largest} + 1ms); }) == errc::limit_exceeded);
  CHECK(code_of([] { (void)(batch_time{largest} - batch_time{-1}); }) == errc::limit_exceeded);
  CHECK(code_of([] { (void)seconds(largest); }) == errc::limit_exceeded);
}

TEST_CASE("intervals") {
  const interval i{batch_time{1'000}, batch_time{3'000}};
  CHECK(i.duration() == 2s);
  CHECK(i + 500ms == interval{batch_time{1'500}, batch_time{3'500}});
  CHECK(i - 500ms == interval{batch_time{500}, batch_time{2'500}});
  CHECK(i < i + 1ms);
  CHECK(i <= i);
  CHECK(i + 1ms >= i);
  CHECK_FALSE(i > i);
  const interval longer{batch_time{1'000}, batch_time{4'000}};
  CHECK(i != longer);
  CHECK(code_of([&] { (void)(i < longer); }) == errc::invalid_argument);
  CHECK(interval::current_interval(1s, batch_time{2'700}) ==
        interval{batch_time{2'000}, batch_time{3'000}});
}

TEST_CASE("printing as Spark does") {
  std::ostringstream out;
  out << milliseconds(1'500) << ", " << batch_time{-7} << ", "
      << interval{batch_time{0}, batch_time{1'000}};
  CHECK(out.str() == "1500 ms, -7 ms, [0 ms, 1000 ms]");
  CHECK(pretty_print(200ms) == "200 ms");
  CHECK(pretty_print(1'500ms) == "1.5 s");
  CHECK(pretty_print(2min) == "2.0 min");
  CHECK(pretty_print(90min) == "1.50 h");
}

} // namespace
