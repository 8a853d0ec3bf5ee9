#include "millrace/base/error.hpp"
#include "millrace/base/random.hpp"
#include "millrace/engine/batch_schedule.hpp"
#include "support/seed.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

batch_time at(std::int64_t ms) { return batch_time{ms}; }

std::vector<std::int64_t> list(const tick_range& range) {
  std::vector<std::int64_t> out;
  for (auto t : range.begin.until(range.end, range.period))
    out.push_back(t.ms());
  return out;
}

using ticks = std::vector<std::int64_t>;

} // namespace

TEST_CASE("the first tick is the first multiple of the period after now") {
  struct row {
    std::int64_t now, period, first;
  };
  for (auto [now, period, first] :
       {row{0, 1000, 1000}, row{1, 1000, 1000}, row{999, 1000, 1000}, row{1000, 1000, 2000},
        row{1001, 1000, 2000}, row{10000, 500, 10500}, row{-1, 1000, 0}, row{-1000, 1000, 0}}) {
    const batch_schedule schedule{duration{period}, at(now)};
    CHECK(schedule.first() == at(first));
    CHECK(schedule.zero_time() == at(first - period));
    CHECK(schedule.deadline() == at(first));
    CHECK_FALSE(schedule.last_taken());
  }
}

TEST_CASE("a restart goes on on the grid of the start, after its last tick and after now") {
  struct row {
    std::int64_t zero, last, now, first;
  };
  for (auto [zero, last, now, first] :
       {row{300, 4300, 5000, 5300}, row{300, 4300, 5299, 5300}, row{300, 4300, 5300, 6300},
        row{300, 5300, 5300, 6300}, row{0, 4000, 4000, 5000},
        // The clock was set back meanwhile: no tick comes twice.
        row{300, 9300, 5000, 10300}, row{300, 9300, 0, 10300},
        // Stopped before the first tick.
        row{5300, 5300, 5300, 6300}, row{5300, 5300, 0, 6300}, row{5300, 0, 0, 6300},
        row{-700, -700, -200, 300}}) {
    auto schedule = batch_schedule::resumed(milliseconds(1000), at(zero), at(last), at(now));
    CHECK(schedule.zero_time() == at(zero));
    CHECK(schedule.first() == at(first));
    CHECK(schedule.deadline() == at(first));
    CHECK_FALSE(schedule.last_taken());
    CHECK(list(schedule.due(at(first))) == ticks{first});
    CHECK(schedule.zero_time() == at(zero));
  }
}

TEST_CASE("ticks are due at their time, once") {
  batch_schedule schedule{milliseconds(100), at(0)};
  CHECK(schedule.due(at(99)).empty());
  CHECK(list(schedule.due(at(100))) == ticks{100});
  CHECK(schedule.due(at(100)).empty());
  CHECK(schedule.last_taken() == at(100));
  CHECK(schedule.deadline() == at(200));
  CHECK(list(schedule.due(at(450))) == ticks{200, 300, 400});
  CHECK(schedule.deadline() == at(500));
}

TEST_CASE("pending ticks stay until they are taken, the timer looks beyond them") {
  batch_schedule schedule{milliseconds(100), at(0)};
  CHECK(list(schedule.pending(at(310))) == ticks{100, 200, 300});
  CHECK(schedule.deadline() == at(400));
  CHECK(schedule.take(at(310)) == at(100));
  CHECK(list(schedule.pending(at(400))) == ticks{200, 300, 400});
  CHECK(schedule.take(at(400)) == at(200));
  CHECK(schedule.take(at(400)) == at(300));
  CHECK(schedule.last_taken() == at(300));
  CHECK(schedule.take(at(400)) == at(400));
  CHECK_FALSE(schedule.take(at(400)));
}

TEST_CASE("a clock set back gives no tick twice; set forward, none is skipped") {
  batch_schedule schedule{milliseconds(100), at(0)};
  CHECK(list(schedule.due(at(200))) == ticks{100, 200});
  CHECK(schedule.due(at(50)).empty());
  CHECK(schedule.deadline() == at(300));
  CHECK(schedule.due(at(250)).empty());
  CHECK(list(schedule.due(at(300))) == ticks{300});
  const auto year_ms = std::int64_t{365} * 24 * 3600 * 1000;
  const auto missed = schedule.due(at(300 + year_ms));
  CHECK(missed.begin == at(400));
  CHECK(missed.count() == static_cast<std::uint64_t>(year_ms / 100));
}

TEST_CASE("the last tick that 64 bits hold is the end, and never due") {
  const auto end = at(std::numeric_limits<std::int64_t>::max());
  batch_schedule schedule{milliseconds(500), at(0)};
  const auto last = end.floor(milliseconds(500));
  const auto due = schedule.due(end);
  CHECK(due.begin == at(500));
  CHECK(due.end == last);
  CHECK(schedule.deadline() == last);
  CHECK(schedule.due(end).empty());
  CHECK_FALSE(schedule.take(end));
  CHECK(schedule.last_taken() == last - milliseconds(500));

  batch_schedule late{milliseconds(500), last - milliseconds(1'200)};
  CHECK(list(late.due(last - milliseconds(500))) ==
        ticks{(last - milliseconds(1'000)).ms(), (last - milliseconds(500)).ms()});
  CHECK(late.deadline() == last);
  CHECK(late.due(last).empty());
}

TEST_CASE("what was pending before the clock was set back stays pending") {
  batch_schedule schedule{milliseconds(100), at(0)};
  CHECK(schedule.pending(at(300)).count() == 3);
  CHECK(list(schedule.pending(at(10))) == ticks{100, 200, 300});
  CHECK(schedule.take(at(10)) == at(100));
}

TEST_CASE("whatever the clock does, ticks are consecutive multiples of the period") {
  seeded_random random{test::seed()};
  for (int round = 0; round < 200; ++round) {
    const auto period = duration{1 + static_cast<std::int64_t>(random.below(50))};
    auto now = at(static_cast<std::int64_t>(random.below(1000)));
    auto latest = now;
    batch_schedule schedule{period, now};
    auto expected = schedule.first();
    CHECK(expected > now);
    CHECK(expected - now <= period);
    CHECK(expected.is_multiple_of(period));
    for (int step = 0; step < 100; ++step) {
      now = now + duration{static_cast<std::int64_t>(random.below(120)) - 40};
      latest = latest.max(now);
      if (random.below(3) == 0) {
        for (auto t : list(schedule.due(now))) {
          CHECK(at(t) == expected);
          expected = expected + period;
        }
        CHECK(expected > latest);
      } else if (auto t = schedule.take(now)) {
        CHECK(*t == expected);
        CHECK(*t <= latest);
        expected = expected + period;
      }
      CHECK(schedule.deadline() > latest);
    }
  }
}

TEST_CASE("a period that is not positive is refused") {
  CHECK_THROWS_AS((batch_schedule{duration{0}, at(0)}), stream_error);
  CHECK_THROWS_AS(static_cast<void>(batch_schedule::resumed(duration{-1}, at(0), at(0), at(0))),
                  stream_error);
}
