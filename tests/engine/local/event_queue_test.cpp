#include "millrace/engine/local/event_queue.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("without a choice an event happens inside the call that posts it") {
  event_queue events;
  std::string seen;
  events.post({3, 2}, [&] {
    seen += 'a';
    events.post({1, 2}, [&] { seen += 'b'; });
    seen += 'c';
  });
  CHECK(seen == "abc");
  CHECK_FALSE(events.run_one());
}

TEST_CASE("a choice picks among routes, and keeps the order within each") {
  std::vector<std::size_t> offered;
  std::vector<std::size_t> picks{1, 1, 0, 0};
  event_queue events{[&](std::size_t n) {
    auto pick = picks[offered.size()];
    offered.push_back(n);
    return pick;
  }};
  std::string seen;
  events.post({1, 9}, [&] { seen += 'a'; });
  events.post({1, 9}, [&] { seen += 'b'; });
  events.post({2, 9}, [&] { seen += 'x'; });
  events.post({2, 9}, [&] { seen += 'y'; });
  while (events.run_one()) {
  }
  CHECK(seen == "xyab");
  CHECK(offered == std::vector<std::size_t>{2, 2, 1, 1});
}

TEST_CASE("events of the routes that are wanted can be let happen first") {
  event_queue events{[](std::size_t) { return 0; }};
  std::string seen;
  events.post({1, 9}, [&] { seen += 'a'; });
  events.post({2, 9}, [&] { seen += 'x'; });
  auto is_second = [](event_route route) { return route.from == 2; };
  CHECK(events.run_one(is_second));
  CHECK_FALSE(events.run_one(is_second));
  CHECK(seen == "x");
  events.clear();
  CHECK_FALSE(events.run_one());
}
