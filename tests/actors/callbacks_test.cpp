#include "millrace/actors/control/listener_bus.hpp"
#include "millrace/actors/ingest/receiver_life.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/base/repeated_lines.hpp"
#include "support/engine.hpp"

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::actors;
using namespace millrace::test;

namespace {

constexpr std::chrono::seconds long_enough{20};

/// Keeps the batch times it is told of, and may do something with each.
struct recorder final : listener {
  void on_streaming_started(batch_time t) override {
    seen.push_back(t.ms());
    if (act)
      act(t);
  }
  std::vector<std::int64_t> seen;
  std::function<void(batch_time)> act;
};

struct bus_fixture {
  explicit bus_fixture(std::size_t max_queued = 100, const void* owner = nullptr)
      : bus{all, max_queued, logger{log, "listeners", repeats}, metrics, owner} {}

  void post(std::int64_t t) {
    bus.post([t](listener& l) { l.on_streaming_started(batch_time{t}); });
  }

  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  std::shared_ptr<manual_clock> time = std::make_shared<manual_clock>();
  std::shared_ptr<repeated_lines> repeats = std::make_shared<repeated_lines>(time);
  std::shared_ptr<memory_metrics> metrics = std::make_shared<memory_metrics>();
  std::shared_ptr<listener_list> all = std::make_shared<listener_list>();
  listener_bus bus;
};

/// A receiver whose life is observed.
struct observed final : receiver<int> {
  void on_start() override { at_start(); }
  void on_stop() override { at_stop(); }
  std::function<void()> at_start = [] {};
  std::function<void()> at_stop = [] {};
};

/// What a life told its receiver actor.
class told {
public:
  receiver_life::notify sink() {
    return [this](receiver_event::kind what, std::string message) {
      std::lock_guard guard{mutex_};
      events_.emplace_back(what, std::move(message));
    };
  }
  bool ended() const {
    std::lock_guard guard{mutex_};
    return !events_.empty() && events_.back().first == receiver_event::kind::stopped;
  }
  std::vector<std::pair<receiver_event::kind, std::string>> events() const {
    std::lock_guard guard{mutex_};
    return events_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::pair<receiver_event::kind, std::string>> events_;
};

using kind = receiver_event::kind;
using events = std::vector<std::pair<kind, std::string>>;

} // namespace

TEST_CASE(
    "listener_bus: every listener gets every event in order, and stop delivers what is queued") {
  int owner = 0;
  bus_fixture f{100'000, &owner};
  auto one = std::make_shared<recorder>();
  auto two = std::make_shared<recorder>();
  one->act = [&](batch_time) { CHECK(own_thread_mark::is_owned_by(&owner)); };
  CHECK_FALSE(f.bus.wanted());
  f.all->add(one);
  f.all->add(two);
  CHECK(f.bus.wanted());
  for (std::int64_t i = 0; i < 5000; ++i)
    f.post(i);
  CHECK(f.bus.stop(long_enough));
  f.post(7);
  CHECK(f.bus.stop(long_enough));
  REQUIRE(one->seen.size() == 5000);
  CHECK(std::ranges::is_sorted(one->seen));
  CHECK(one->seen == two->seen);
}

TEST_CASE("listener_bus: what a listener throws is logged, and the others still hear") {
  bus_fixture f;
  auto bad = std::make_shared<recorder>();
  bad->act = [](batch_time t) {
    if (t == batch_time{1})
      throw std::runtime_error("not my day");
    throw 42;
  };
  auto good = std::make_shared<recorder>();
  f.all->add(bad);
  f.all->add(good);
  for (std::int64_t i = 1; i <= 5; ++i)
    f.post(i);
  CHECK(f.bus.stop(long_enough));
  CHECK(good->seen == std::vector<std::int64_t>{1, 2, 3, 4, 5});
  CHECK(f.metrics->counter("listener_exceptions_total") == 5);
  f.repeats->finish();
  REQUIRE(f.log->entries().size() == 2);
  CHECK(f.log->count(log_level::error, "a listener threw: not my day") == 1);
  CHECK(f.log->count(log_level::error,
                     "exceptions of listeners: 4 more until the end of the job, 5 "
                     "in 0 ms altogether; the last: a listener threw: something "
                     "that is not a std::exception") == 1);
}

TEST_CASE("listener_bus: at the bound events are dropped and counted, with one warning a minute") {
  bus_fixture f{4};
  std::atomic<int> entered = 0;
  std::atomic<int> allowed = 0;
  auto slow = std::make_shared<recorder>();
  slow->act = [&](batch_time) {
    int mine = ++entered;
    while (allowed < mine)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  f.all->add(slow);
  auto warnings = [&] {
    return f.log->count(log_level::warning, "listeners are too slow: 4 events wait");
  };
  f.post(0);
  CHECK(wait_until([&] { return entered == 1; }));
  for (std::int64_t i = 1; i <= 10; ++i)
    f.post(i);
  CHECK(f.metrics->counter("listener_events_dropped_total") == 6);
  CHECK(warnings() == 1);
  // One place is free and taken again.
  allowed = 1;
  CHECK(wait_until([&] { return entered == 2; }));
  f.post(11);
  f.post(12);
  CHECK(f.metrics->counter("listener_events_dropped_total") == 7);
  CHECK(warnings() == 1);
  // After a minute without a loss the next one is news.
  f.time->advance(minutes(1));
  f.repeats->look();
  CHECK(f.log->count(log_level::warning,
                     "none for 1.0 min, after 7 in 0 ms; 6 since the last line") == 1);
  CHECK(warnings() == 2);
  allowed = 6;
  CHECK(wait_until([&] { return entered == 6; }));
  f.post(20);
  CHECK(wait_until([&] { return entered == 7; }));
  for (std::int64_t i = 21; i <= 30; ++i)
    f.post(i);
  CHECK(warnings() == 3);
  allowed = 1000;
  CHECK(f.bus.stop(long_enough));
  CHECK(slow->seen == std::vector<std::int64_t>{0, 1, 2, 3, 4, 11, 20, 21, 22, 23, 24});
}

TEST_CASE("listener_bus: stopped by a listener, it does not wait for itself") {
  bus_fixture f;
  std::atomic<bool> done = false;
  auto l = std::make_shared<recorder>();
  l->act = [&](batch_time) {
    CHECK_FALSE(f.bus.stop(std::chrono::milliseconds{0}));
    done = true;
  };
  f.all->add(l);
  f.post(1);
  CHECK(wait_until([&] { return done.load(); }));
}

TEST_CASE("receiver_life: on_start, records, on_stop, and nobody is left when it has stopped") {
  int owner = 0;
  told what;
  auto user = std::make_shared<observed>();
  std::vector<std::string> order;
  std::atomic<int> bodies = 0;
  user->at_start = [&] {
    CHECK(own_thread_mark::is_owned_by(&owner));
    CHECK(user->is_started());
    order.emplace_back("start");
  };
  user->at_stop = [&] {
    CHECK(user->is_stopped());
    order.emplace_back("stop");
  };
  receiver_life life{user, what.sink(), &owner};
  life.begin();
  CHECK(wait_until([&] { return what.events() == events{{kind::started, ""}}; }));
  for (int i = 0; i < 3; ++i)
    life.run([&](std::stop_token stop) {
      CHECK(own_thread_mark::is_owned_by(&owner));
      ++bodies;
      while (!stop.stop_requested())
        std::this_thread::yield();
      --bodies;
    });
  CHECK(wait_until([&] { return bodies == 3; }));
  life.end();
  CHECK(user->is_stopped());
  CHECK(wait_until([&] { return what.ended(); }));
  CHECK(bodies == 0);
  life.join();
  CHECK(order == std::vector<std::string>{"start", "stop"});
  CHECK(what.events() == events{{kind::started, ""}, {kind::stopped, ""}});
}

TEST_CASE("receiver_life: ended before it began, it calls neither on_start nor on_stop") {
  told what;
  auto user = std::make_shared<observed>();
  user->at_start = user->at_stop = [] { FAIL("called"); };
  receiver_life life{user, what.sink(), nullptr};
  life.end();
  life.begin();
  CHECK(wait_until([&] { return what.ended(); }));
  life.join();
  CHECK(what.events() == events{{kind::stopped, ""}});
}

TEST_CASE("receiver_life: exceptions of on_start, of a thread and of on_stop are told") {
  told what;
  auto user = std::make_shared<observed>();
  user->at_start = [] { throw std::runtime_error("a"); };
  user->at_stop = [] { throw 42; };
  receiver_life life{user, what.sink(), nullptr};
  life.begin();
  CHECK(wait_until([&] { return what.events() == events{{kind::failed, "on_start threw: a"}}; }));
  life.run([](std::stop_token) { throw std::runtime_error("b"); });
  CHECK(wait_until([&] { return what.events().size() == 2; }));
  CHECK(what.events()[1] ==
        std::pair{kind::failed, std::string{"a thread of the receiver threw: b"}});
  life.end();
  CHECK(wait_until([&] { return what.ended(); }));
  life.join();
  CHECK(what.events().back().second == "on_stop threw: something that is not a std::exception");
}

TEST_CASE("receiver_life: an on_start that polls is_stopped ends with the life") {
  told what;
  auto user = std::make_shared<observed>();
  std::atomic<bool> inside = false;
  user->at_start = [&] {
    inside = true;
    while (!user->is_stopped())
      std::this_thread::yield();
  };
  receiver_life life{user, what.sink(), nullptr};
  life.begin();
  CHECK(wait_until([&] { return inside.load(); }));
  life.end();
  CHECK(wait_until([&] { return what.ended(); }));
  life.join();
}

TEST_CASE("receiver_life: many short threads are joined as they end, and a life that is dropped "
          "asks them to stop") {
  told what;
  auto user = std::make_shared<observed>();
  auto ran = std::make_shared<std::atomic<int>>(0);
  auto asked = std::make_shared<std::atomic<bool>>(false);
  {
    receiver_life life{user, what.sink(), nullptr};
    life.begin();
    CHECK(wait_until([&] { return !what.events().empty(); }));
    for (int i = 0; i < 500; ++i)
      life.run([ran](std::stop_token) { ++*ran; });
    CHECK(wait_until([&] { return *ran == 500; }));
    life.run([asked](std::stop_token stop) {
      while (!stop.stop_requested())
        std::this_thread::yield();
      *asked = true;
    });
  }
  CHECK(wait_until([&] { return asked->load(); }));
}
