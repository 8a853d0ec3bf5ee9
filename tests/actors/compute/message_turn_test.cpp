#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/system/message_turn.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace::actors;

namespace {

bool never() { return false; }

bool wait_for(completion& done) {
  return done.wait_until(std::chrono::steady_clock::now() + std::chrono::seconds{20}, never);
}

/// Takes a number; what it does then is the test's.
using number_actor = caf::typed_actor<caf::reacts_to<int>>;
using handler = std::function<void(number_actor::pointer, int)>;

/// Nobody runs the actor before its first message.
number_actor spawn(caf_system& system, handler f) {
  auto made = system.get().spawn<caf::lazy_init>(
      [f](number_actor::pointer self) -> number_actor::behavior_type {
        init_actor(self);
        return {[self, f](int n) { f(self, n); }};
      });
  forget_system_of_thread();
  return made;
}

struct note {
  int number;
  std::thread::id thread;
};

/// What handlers saw, one handler at a time.
class notes {
public:
  void add(int n) {
    std::lock_guard guard{mutex_};
    all_.push_back({n, std::this_thread::get_id()});
  }

  std::size_t of_this_thread() const {
    std::lock_guard guard{mutex_};
    return static_cast<std::size_t>(std::ranges::count_if(
        all_, [](const note& each) { return each.thread == std::this_thread::get_id(); }));
  }

  std::vector<int> numbers() const {
    std::lock_guard guard{mutex_};
    std::vector<int> found;
    for (auto& each : all_)
      found.push_back(each.number);
    return found;
  }

private:
  mutable std::mutex mutex_;
  std::vector<note> all_;
};

/// Each actor notes the number and sends the next one on.
std::vector<number_actor> make_chain(caf_system& system, std::size_t length, notes& seen,
                                     completion& done) {
  std::vector<number_actor> chain; // the last comes first
  while (chain.size() < length) {
    auto next = chain.empty() ? number_actor{} : chain.back();
    chain.push_back(spawn(system, [&, next](number_actor::pointer self, int n) {
      seen.add(n);
      if (next)
        self->send(next, n + 1);
      done.complete();
    }));
  }
  return chain;
}

std::vector<int> from_0_to(std::size_t end) {
  std::vector<int> numbers(end);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

void stop_all(const std::vector<number_actor>& actors) {
  for (auto& each : actors)
    stop_now(caf::actor_cast<caf::strong_actor_ptr>(each));
}

} // namespace

TEST_CASE("what a task sends is handled on its thread before it goes on, and what follows from "
          "that as well") {
  notes seen;
  completion done{5};
  caf_system system{scheduler_options{}};
  auto chain = make_chain(system, 5, seen, done);
  send_and_run(chain.back(), 1);
  CHECK(seen.of_this_thread() == 5);
  CHECK(seen.numbers() == std::vector<int>{1, 2, 3, 4, 5});
  CHECK(wait_for(done));
  stop_all(chain);
}

TEST_CASE("a turn has room for so many actors, and the scheduler runs the others") {
  const std::size_t length = 3 * message_turn::most_actors;
  notes seen;
  completion done{length};
  caf_system system{scheduler_options{}};
  auto chain = make_chain(system, length, seen, done);
  send_and_run(chain.back(), 0);
  CHECK(wait_for(done));
  CHECK(seen.of_this_thread() == message_turn::most_actors);
  CHECK(seen.numbers() == from_0_to(length));
  stop_all(chain);
}

TEST_CASE("a turn runs so many messages of one actor, and the scheduler the others, in order") {
  const int many = 5 * static_cast<int>(message_turn::most_messages);
  notes seen;
  completion done{static_cast<std::size_t>(many)};
  caf_system system{scheduler_options{}};
  auto busy = spawn(system, [&](number_actor::pointer self, int n) {
    seen.add(n);
    if (n == 0)
      for (int next = 1; next < many; ++next)
        self->send(number_actor{self}, next);
    done.complete();
  });
  send_and_run(busy, 0);
  CHECK(wait_for(done));
  CHECK(seen.of_this_thread() == message_turn::most_messages);
  CHECK(seen.numbers() == from_0_to(static_cast<std::size_t>(many)));
  stop_all({busy});
}

TEST_CASE("an actor that another thread runs stays there, one message at a time") {
  notes seen;
  completion begun{1}, go_on{1}, done{2};
  caf_system system{scheduler_options{}};
  auto busy = spawn(system, [&](number_actor::pointer, int n) {
    if (n == 1) {
      begun.complete();
      CHECK(wait_for(go_on));
    }
    seen.add(n);
    done.complete();
  });
  caf::anon_send(busy, 1);
  CHECK(wait_for(begun));
  send_and_run(busy, 2);
  CHECK(seen.numbers().empty());
  go_on.complete();
  CHECK(wait_for(done));
  CHECK(seen.numbers() == std::vector<int>{1, 2});
  CHECK(seen.of_this_thread() == 0);
  stop_all({busy});
}

TEST_CASE("many threads send to the same actors: each message is handled once, one at a time") {
  constexpr int senders = 4, each = 2'000;
  completion done{senders * each};
  int handled = 0; // only by the last actor
  std::atomic<int> inside{0};
  caf_system system{scheduler_options{}};
  auto last = spawn(system, [&](number_actor::pointer, int) {
    if (++inside != 1)
      FAIL_CHECK("two threads run one actor");
    ++handled;
    --inside;
    done.complete();
  });
  auto first = spawn(system, [&](number_actor::pointer self, int n) { self->send(last, n); });
  std::vector<std::thread> threads;
  for (int t = 0; t < senders; ++t)
    threads.emplace_back([&] {
      for (int n = 0; n < each; ++n)
        send_and_run(first, n);
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(wait_for(done));
  CHECK(handled == senders * each);
  stop_all({first, last});
}

TEST_CASE("an actor may end in a turn; what is sent to it later goes nowhere") {
  notes seen;
  completion ended{1};
  caf_system system{scheduler_options{}};
  auto once = spawn(system, [&](number_actor::pointer self, int n) {
    seen.add(n);
    self->quit();
  });
  caf::actor_cast<caf::strong_actor_ptr>(once)->get()->attach_functor(
      [&](const caf::error&) { ended.complete(); });
  send_and_run(once, 1);
  CHECK(wait_for(ended));
  send_and_run(once, 2);
  CHECK(seen.numbers() == std::vector<int>{1});
}
