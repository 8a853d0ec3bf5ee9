#include "millrace/actors/system/system_clock.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("the wall clock has reached a batch time when its steady time has come") {
  const actors::system_clock clock;
  for (int i = 0; i < 5; ++i) {
    const auto target = clock.wall_now() + milliseconds(3);
    std::this_thread::sleep_until(clock.steady_at(target));
    // The machine may be adjusting its clock by a fraction of a millisecond meanwhile.
    CHECK(clock.wall_now() >= target - milliseconds(1));
  }
}

TEST_CASE("a batch time is found to less than the millisecond that wall times are cut to") {
  const actors::system_clock clock;
  const auto target = clock.wall_now() + seconds(1);
  // The two clocks cannot be read at once: what comes in between makes an answer late, never early.
  const auto earliest = [&] {
    auto best = clock.steady_at(target);
    for (int i = 0; i < 200; ++i)
      best = std::min(best, clock.steady_at(target));
    return best;
  };
  const auto before = earliest();
  std::this_thread::sleep_for(std::chrono::microseconds(300));
  const auto after = earliest();
  CHECK(std::chrono::abs(after - before) < std::chrono::microseconds(500));
}

TEST_CASE("seeds are drawn and never 0") {
  CHECK(actors::draw_seed() != 0);
  CHECK(actors::draw_seed() != actors::draw_seed());
}
