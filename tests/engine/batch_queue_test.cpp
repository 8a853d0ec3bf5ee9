#include "millrace/base/random.hpp"
#include "millrace/engine/batch_queue.hpp"
#include "millrace/engine/batch_schedule.hpp"
#include "support/seed.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

batch_time at(std::int64_t ms) { return batch_time{ms}; }

} // namespace

TEST_CASE("batches are in flight, then waiting, then held, and start in order") {
  batch_queue queue{{.max_in_flight = 2, .max_waiting = 1}};
  CHECK(queue.idle());
  CHECK(queue.offer(at(100), at(100)) == admission::admitted);
  CHECK(queue.offer(at(200), at(200)) == admission::admitted);
  CHECK(queue.offer(at(300), at(300)) == admission::waiting);
  CHECK(queue.full());
  CHECK(queue.offer(at(400), at(400)) == admission::held);
  CHECK(queue.in_flight() == 2);
  CHECK(queue.waiting() == 1);

  // Out of order is fine: whichever ends first makes room.
  auto next = queue.complete(at(200), at(450));
  REQUIRE(next);
  CHECK(*next == started_batch{at(300), at(300), at(450)});
  CHECK(queue.in_flight(at(300))->scheduling_delay() == milliseconds(150));
  CHECK_FALSE(queue.full());
  CHECK(queue.offer(at(400), at(460)) == admission::waiting);

  next = queue.complete(at(100), at(500));
  REQUIRE(next);
  CHECK((*next)->time == at(400));
  next = queue.complete(at(300), at(600));
  REQUIRE(next);
  CHECK_FALSE(*next);
  CHECK(queue.complete(at(400), at(700)));
  CHECK(queue.idle());
}

TEST_CASE("delays count from the time of the batch, held or not") {
  batch_queue queue{{.max_in_flight = 1, .max_waiting = 0}};
  CHECK(queue.offer(at(100), at(103)) == admission::admitted);
  CHECK(queue.in_flight(at(100))->scheduling_delay() == milliseconds(3));
  CHECK(queue.offer(at(200), at(205)) == admission::held);
  CHECK(queue.offer(at(200), at(300)) == admission::held);
  CHECK_FALSE(*queue.complete(at(100), at(900)));
  CHECK(queue.offer(at(200), at(905)) == admission::admitted);
  const auto late = queue.in_flight(at(200));
  REQUIRE(late);
  CHECK(late->submitted == at(205));
  CHECK(late->scheduling_delay() == milliseconds(705));
  CHECK_FALSE(queue.in_flight(at(100)));
}

TEST_CASE("a batch that starts before its time, as the last one may, has no negative delay") {
  const started_batch b{at(1000), at(1000), at(400)};
  CHECK(b.scheduling_delay() == milliseconds(0));
}

TEST_CASE("what does not fit the order is refused") {
  batch_queue queue;
  CHECK(queue.offer(at(200), at(200)));
  CHECK(queue.offer(at(200), at(200)).error().code == errc::invalid_argument);
  CHECK(queue.offer(at(100), at(200)).error().code == errc::invalid_argument);
  CHECK(queue.complete(at(100), at(200)).error().code == errc::not_found);
  CHECK(queue.complete(at(200), at(300)));
  CHECK(queue.complete(at(200), at(300)).error().code == errc::not_found);
  CHECK(queue.offer(at(200), at(300)).error().code == errc::invalid_argument);
}

TEST_CASE("the default bounds are 2 in flight and 16 waiting; none in flight is refused") {
  batch_queue queue;
  for (int i = 1; i <= 18; ++i)
    CHECK(queue.offer(at(i), at(i)).value() != admission::held);
  CHECK(queue.offer(at(19), at(19)) == admission::held);
  CHECK_THROWS_AS((batch_queue{{.max_in_flight = 0}}), stream_error);
}

TEST_CASE("stopping at once drops what waits") {
  batch_queue queue{{.max_in_flight = 1, .max_waiting = 5}};
  for (int i = 1; i <= 3; ++i)
    CHECK(queue.offer(at(i), at(i)));
  CHECK(queue.drop_waiting() == std::vector{at(2), at(3)});
  CHECK(queue.drop_waiting().empty());
  CHECK_FALSE(*queue.complete(at(1), at(9)));
  CHECK(queue.idle());
}

TEST_CASE("with a schedule, every tick starts exactly once and in order, within the bounds") {
  seeded_random random{test::seed()};
  for (int round = 0; round < 100; ++round) {
    const batch_queue_options options{.max_in_flight = 1 + random.below(3),
                                      .max_waiting = random.below(4)};
    batch_queue queue{options};
    batch_schedule schedule{milliseconds(10), at(0)};
    auto now = at(0);
    std::vector<batch_time> running, started;
    auto start = [&](batch_time t) {
      running.push_back(t);
      started.push_back(t);
    };
    auto offer_pending = [&] {
      for (auto t = schedule.pending(now); !t.empty(); t = schedule.pending(now)) {
        const auto answer = queue.offer(t.begin, now);
        REQUIRE(answer);
        if (*answer == admission::held)
          break;
        CHECK(schedule.take(now) == t.begin);
        if (*answer == admission::admitted)
          start(t.begin);
      }
    };
    for (int step = 0; step < 200; ++step) {
      now = now + duration{static_cast<std::int64_t>(random.below(15))};
      if (!running.empty() && random.below(2) == 0) {
        const auto i = static_cast<long>(random.below(running.size()));
        const auto t = running[static_cast<std::size_t>(i)];
        running.erase(running.begin() + i);
        const auto next = queue.complete(t, now);
        REQUIRE(next);
        if (*next)
          start((*next)->time);
      }
      offer_pending();
      CHECK(queue.in_flight() == running.size());
      CHECK(running.size() <= options.max_in_flight);
      CHECK(queue.waiting() <= options.max_waiting);
      // A place in flight is never left free while something waits or is held.
      if (running.size() < options.max_in_flight)
        CHECK((queue.waiting() == 0 && schedule.pending(now).empty()));
    }
    for (std::size_t i = 0; i < started.size(); ++i)
      CHECK(started[i] == at(10 * (static_cast<std::int64_t>(i) + 1)));
  }
}
