#include "millrace/base/anchored_clock.hpp"
#include "millrace/base/random.hpp"
#include "support/scripted_clock.hpp"
#include "support/seed.hpp"

#include <cstdint>
#include <limits>
#include <memory>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;
using namespace std::chrono_literals;

namespace {

using steady_point = std::chrono::steady_clock::time_point;

constexpr auto largest = std::numeric_limits<std::int64_t>::max();
constexpr auto least = std::numeric_limits<std::int64_t>::min();

/// Its wall clock is set by `by` at one of the readings, counted from 1, of whichever clock.
class interrupted_clock final : public scripted_clock {
public:
  interrupted_clock(int reading, std::chrono::nanoseconds by)
      : scripted_clock{batch_time{1'000}}, reading_{reading}, by_{by} {}

  batch_time wall_now() const override { return read(), scripted_clock::wall_now(); }
  steady_point steady_now() const override { return read(), scripted_clock::steady_now(); }
  steady_point steady_at(batch_time at) const override {
    return read(), scripted_clock::steady_at(at);
  }

private:
  void read() const {
    if (--reading_ == 0)
      const_cast<interrupted_clock*>(this)->jump(by_);
  }

  mutable int reading_;
  std::chrono::nanoseconds by_;
};

} // namespace

TEST_CASE("an anchored clock shows the wall time while nobody sets it") {
  auto machine = std::make_shared<scripted_clock>(batch_time{1'000});
  machine->pass(300us);
  const anchored_clock clock{machine};
  CHECK(clock.wall_now() == batch_time{1'000});
  machine->pass(700us);
  CHECK(clock.wall_now() == batch_time{1'001});
  machine->pass(999'999ns);
  CHECK(clock.wall_now() == batch_time{1'001});
  machine->pass(24h + 1ns);
  CHECK(clock.wall_now() == batch_time{1'002 + 86'400'000});
  CHECK(clock.wall_now() == machine->wall_now());
  CHECK(clock.steady_now() == machine->steady_now());
  CHECK(clock.steady_at(batch_time{2'000}) == machine->steady_at(batch_time{2'000}));
}

TEST_CASE("setting the wall clock moves nothing of an anchored clock") {
  for (auto by : {std::chrono::nanoseconds{300ms}, std::chrono::nanoseconds{1h},
                  std::chrono::nanoseconds{24h}}) {
    for (auto sign : {1, -1}) {
      auto machine = std::make_shared<scripted_clock>(batch_time{1'700'000'000'000});
      const anchored_clock clock{machine};
      const auto timer = clock.steady_at(batch_time{1'700'000'005'000});
      machine->pass(2s);
      machine->jump(sign * by);
      CHECK(clock.wall_now() == batch_time{1'700'000'002'000});
      CHECK(clock.steady_at(batch_time{1'700'000'005'000}) == timer);
      machine->pass(3s);
      CHECK(clock.steady_now() == timer);
      CHECK(clock.wall_now() == batch_time{1'700'000'005'000});
    }
  }
}

TEST_CASE("an anchor is right to a millisecond if the wall clock is set while it is taken") {
  for (int reading = 1; reading <= 4; ++reading)
    for (auto by : {std::chrono::nanoseconds{1h}, std::chrono::nanoseconds{-24h}}) {
      CAPTURE(reading);
      const interrupted_clock machine{reading, by};
      const auto steady = machine.scripted_clock::steady_now();
      const auto anchor = time_anchor::of(machine);
      // Before it or after it: either is what the clock showed at that moment.
      CHECK((anchor.wall == batch_time{1'000} ||
             anchor.wall ==
                 batch_time{1'000} + duration{std::chrono::floor<std::chrono::milliseconds>(by)}));
      CHECK(anchor.steady <= steady);
      CHECK(anchor.steady >= steady - 1ms);
    }
}

TEST_CASE("a job that has seen later times goes on from there") {
  const scripted_clock machine{batch_time{1'000}};
  const auto anchor = time_anchor::of(machine);
  CHECK(anchor.not_before(batch_time{900}).wall == batch_time{1'000});
  const auto moved = anchor.not_before(batch_time{7'000});
  CHECK(moved.wall == batch_time{7'000});
  CHECK(moved.wall_at(machine.steady_now() + 20ms) == batch_time{7'020});
  const anchored_clock clock{std::make_shared<scripted_clock>(batch_time{1'000}), moved};
  CHECK(clock.wall_now() == batch_time{7'000});
}

TEST_CASE("an anchor stays within the ends of time") {
  const time_anchor late{batch_time{largest - 10}, steady_point{1h}};
  CHECK(late.wall_at(steady_point{1h} + 10ms) == batch_time{largest});
  CHECK(late.wall_at(steady_point{2h}) == batch_time{largest});
  CHECK(late.steady_at(batch_time{least}) <= steady_point::min() + 1h);
  const time_anchor early{batch_time{least + 10}, steady_point{1h}};
  CHECK(early.wall_at(steady_point{0h}) == batch_time{least});
  CHECK(early.steady_at(batch_time{largest}) == steady_point::max());
  const time_anchor far{batch_time{0}, steady_point::min()};
  CHECK(far.wall_at(steady_point::max()) == batch_time{largest / 1'000'000});
}

TEST_CASE("a timer for any wall time comes when the clock shows it, and not a nanosecond before") {
  seeded_random random{test::seed()};
  for (int i = 0; i < 1'000; ++i) {
    const time_anchor anchor{batch_time{static_cast<std::int64_t>(random.below(1U << 31U)) * 1'000},
                             steady_point{std::chrono::nanoseconds{random.below(1ULL << 52U)}}};
    const auto at = anchor.wall + duration{static_cast<std::int64_t>(random.below(1U << 30U))};
    CHECK(anchor.wall_at(anchor.steady_at(at)) == at);
    CHECK(anchor.wall_at(anchor.steady_at(at) - 1ns) == at - duration{1});
  }
}
