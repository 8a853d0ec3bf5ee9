#include "millrace/base/clock.hpp"

#include <limits>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a manual clock stands until it is moved, and both its times move together") {
  manual_clock clock{batch_time{1'000}};
  const auto steady = clock.steady_now();
  CHECK(clock.wall_now() == batch_time{1'000});
  CHECK(clock.wall_now() == batch_time{1'000});
  clock.advance(250ms);
  CHECK(clock.wall_now() == batch_time{1'250});
  CHECK(clock.steady_now() - steady == 250ms);
  clock.set(batch_time{5'000});
  CHECK(clock.wall_now() == batch_time{5'000});
  CHECK(clock.steady_now() - steady == 4s);
  CHECK(manual_clock{}.wall_now() == batch_time{0});
}

TEST_CASE("a manual clock does not go back") {
  manual_clock clock{batch_time{1'000}};
  CHECK_THROWS_AS(clock.set(batch_time{999}), stream_error);
  CHECK_THROWS_AS(clock.advance(-1ms), stream_error);
  clock.advance(0ms);
  clock.set(batch_time{1'000});
  CHECK(clock.wall_now() == batch_time{1'000});
}

TEST_CASE("a timer for a batch time is set on the steady clock") {
  manual_clock clock{batch_time{1'000}};
  CHECK(clock.steady_at(batch_time{1'250}) == clock.steady_now() + 250ms);
  CHECK(clock.steady_at(batch_time{900}) == clock.steady_now() - 100ms);
}

TEST_CASE("a clock at the end of time has room for intervals, and a timer for a time past it") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  manual_clock clock{batch_time{-most}};
  const auto first = clock.steady_now();
  CHECK(first - 24h < first);
  CHECK(clock.steady_at(batch_time{most}) > first);
  clock.set(batch_time{most});
  CHECK(clock.steady_now() > first);
  CHECK(clock.steady_now() + 24h > clock.steady_now());
  CHECK(clock.steady_at(batch_time{-most}) < clock.steady_now());
  CHECK(clock.steady_at(batch_time{most}) == clock.steady_now());
}

TEST_CASE("a manual clock may be moved by several threads") {
  manual_clock clock;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n)
        clock.advance(1ms);
    });
  threads.clear();
  CHECK(clock.wall_now() == batch_time{4'000});
}

} // namespace
