#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/compute/serial_thread.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "support/engine.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::actors;
using namespace millrace::test;

namespace {

constexpr std::chrono::seconds long_enough{20};

std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + long_enough;
}

bool never() { return false; }

} // namespace

TEST_CASE("compute_pool: tasks run in order of submission, on threads that belong to the owner") {
  int owner = 0;
  compute_pool pool{1, &owner};
  std::vector<int> order;
  completion done{100};
  for (int i = 0; i < 100; ++i)
    pool.submit([&, i] {
      CHECK(own_thread_mark::is_owned_by(&owner));
      order.push_back(i);
      done.complete();
    });
  CHECK(done.wait_until(soon(), never));
  for (int i = 0; i < 100; ++i)
    CHECK(order[static_cast<std::size_t>(i)] == i);
  CHECK_FALSE(own_thread_mark::is_owned_by(&owner));
  CHECK(pool.width() == 1);
}

TEST_CASE("compute_pool: run_all calls every index once, from outside and from inside of tasks, at "
          "any width") {
  for (std::size_t width : {1U, 2U, 5U}) {
    compute_pool pool{width, nullptr};
    std::vector<std::atomic<int>> calls(1000);
    pool.run_all(calls.size(), [&](std::size_t i) { ++calls[i]; });
    completion done{8};
    for (int t = 0; t < 8; ++t)
      pool.submit([&] {
        pool.run_all(calls.size() / 10, [&](std::size_t outer) {
          pool.run_all(10, [&](std::size_t inner) { ++calls[10 * outer + inner]; });
        });
        done.complete();
      });
    CHECK(done.wait_until(soon(), never));
    for (auto& c : calls)
      CHECK(c == 9);
    pool.run_all(0, [](std::size_t) { FAIL("called for nothing"); });
  }
}

TEST_CASE(
    "compute_pool: run_all makes every call although some throw, and throws the first by index") {
  compute_pool pool{3, nullptr};
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> calls = 0;
    CHECK_THROWS_WITH(pool.run_all(40,
                                   [&](std::size_t i) {
                                     ++calls;
                                     if (i % 10 == 7)
                                       throw std::runtime_error("at " + std::to_string(i));
                                   }),
                      "at 7");
    CHECK(calls == 40);
  }
}

TEST_CASE("compute_pool: stop waits for what runs, drops what has not begun, and refuses what "
          "comes after") {
  std::atomic<int> ran = 0;
  std::atomic<bool> go_on = false;
  auto at_drop = std::shared_ptr<void>{nullptr, [&](void*) { go_on = true; }};
  compute_pool pool{2, nullptr};
  for (int i = 0; i < 2; ++i)
    pool.submit([&] {
      ++ran;
      while (!go_on)
        std::this_thread::yield();
      ++ran;
    });
  CHECK(wait_until([&] { return ran == 2; }));
  pool.submit([&, mine = std::move(at_drop)] { ++ran; });
  CHECK(pool.stop(long_enough));
  CHECK(ran == 4);
  pool.submit([&] { ++ran; });
  CHECK(pool.stop(long_enough));
  CHECK(ran == 4);
  int calls = 0;
  pool.run_all(3, [&](std::size_t) { ++calls; });
  CHECK(calls == 3);
}

TEST_CASE("compute_pool and serial_thread: a task that does not return is left to itself") {
  struct shared {
    std::atomic<int> inside = 0;
    std::atomic<bool> go_on = false;
    std::atomic<int> gone = 0;
  };
  auto s = std::make_shared<shared>();
  auto hang = [s] {
    ++s->inside;
    while (!s->go_on)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++s->gone;
  };
  {
    compute_pool pool{2, nullptr};
    serial_thread thread{nullptr};
    pool.submit(hang);
    thread.submit(hang);
    CHECK(wait_until([&] { return s->inside == 2; }));
    CHECK_FALSE(pool.stop(std::chrono::milliseconds{10}));
    CHECK_FALSE(thread.stop(std::chrono::milliseconds{10}));
  }
  s->go_on = true;
  CHECK(wait_until([&] { return s->gone == 2; }));
}

TEST_CASE("serial_thread: one at a time, in order; what has not begun is dropped at the stop") {
  int owner = 0;
  std::vector<int> order;
  std::atomic<bool> go_on = false;
  auto at_drop = std::shared_ptr<void>{nullptr, [&](void*) { go_on = true; }};
  {
    serial_thread thread{&owner};
    std::atomic<bool> all_ran = false;
    for (int i = 0; i < 50; ++i)
      thread.submit([&, i] {
        CHECK(own_thread_mark::is_owned_by(&owner));
        order.push_back(i);
        all_ran = i == 49;
      });
    CHECK(wait_until([&] { return all_ran.load(); }));
    std::atomic<bool> inside = false;
    thread.submit([&] {
      inside = true;
      while (!go_on)
        std::this_thread::yield();
    });
    CHECK(wait_until([&] { return inside.load(); }));
    thread.submit([mine = std::move(at_drop)] { FAIL("ran after the stop"); });
    CHECK(thread.stop(long_enough));
    thread.submit([] { FAIL("ran after the stop"); });
  }
  CHECK(order.size() == 50);
  CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("serial_thread: destroyed by its own task, it does not wait for itself") {
  auto thread = std::make_shared<serial_thread>(nullptr);
  std::atomic<bool> done = false;
  auto* raw = thread.get();
  raw->submit([mine = std::move(thread), &done]() mutable {
    mine.reset();
    done = true;
  });
  CHECK(wait_until([&] { return done.load(); }));
}

TEST_CASE("own_thread_mark: nests, and belongs to its thread") {
  int a = 0;
  int b = 0;
  own_thread_mark outer{&a};
  {
    own_thread_mark inner{&b};
    CHECK(own_thread_mark::is_owned_by(&b));
    CHECK_FALSE(own_thread_mark::is_owned_by(&a));
    std::jthread{[&] { CHECK_FALSE(own_thread_mark::is_owned_by(&b)); }};
  }
  CHECK(own_thread_mark::is_owned_by(&a));
}

TEST_CASE("completion: all parties, one more expected, the deadline, and giving up when woken") {
  completion two{2};
  std::jthread parties{[&] {
    two.complete();
    two.complete();
  }};
  CHECK(two.wait_until(soon(), never));
  CHECK(two.wait_until(std::chrono::steady_clock::now(), never));
  two.expect();
  CHECK_FALSE(two.wait_until(std::chrono::steady_clock::now(), never));
  std::atomic<bool> enough = false;
  std::jthread waker{[&] {
    enough = true;
    two.wake();
  }};
  CHECK_FALSE(two.wait_until(soon(), [&] { return enough.load(); }));
  two.complete();
  two.complete();
  CHECK(two.wait_until(std::chrono::steady_clock::now(), never));
  CHECK(completion{0}.wait_until(std::chrono::steady_clock::now(), never));
}
