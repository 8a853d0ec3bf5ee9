#include "millrace/actors/shutdown/signal_watcher.hpp"
#include "support/job_fixture.hpp"

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

std::atomic<int> handled_by_test = 0;

extern "C" void count_signal(int) { ++handled_by_test; }

/// The handler of the test, while it lives, under both signals.
class own_handlers {
public:
  own_handlers() {
    struct sigaction mine {};
    mine.sa_handler = &count_signal;
    ::sigaction(SIGINT, &mine, &before_int_);
    ::sigaction(SIGTERM, &mine, &before_term_);
  }
  ~own_handlers() {
    ::sigaction(SIGINT, &before_int_, nullptr);
    ::sigaction(SIGTERM, &before_term_, nullptr);
  }

  static bool installed() {
    struct sigaction now_int {};
    struct sigaction now_term {};
    ::sigaction(SIGINT, nullptr, &now_int);
    ::sigaction(SIGTERM, nullptr, &now_term);
    return now_int.sa_handler == &count_signal && now_term.sa_handler == &count_signal;
  }

private:
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

configuration with_signals() { return quick_configuration().set("stop.handle_signals", true); }

} // namespace

TEST_CASE("the first signal stops gracefully; afterwards the handlers are what they were") {
  own_handlers mine;
  for (int number : {SIGINT, SIGTERM}) {
    actor_job job{with_signals(), seconds(1), {std::make_shared<manual_clock>(), nullptr}};
    collector<std::int64_t> out;
    std::atomic<bool> go_on = false;
    test_input<int>(*job.context, {}).map([](int x) { return x; }).count().collect_into(out);
    test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
      while (!go_on)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    job.context->start();
    CHECK_FALSE(own_handlers::installed());
    job.runtime->advance(seconds(12));
    CHECK(out.wait_for(1, patience));
    std::raise(number);
    CHECK(
        wait_until([&] { return job.log->count(log_level::warning, "stopping gracefully") == 1; }));
    CHECK_FALSE(job.context->await_termination_for(duration{0}));
    CHECK(job.context->state() == context_state::active);
    go_on = true;
    CHECK(wait_until([&] { return job.context->state() == context_state::stopped; }));
    CHECK_FALSE(job.wait_for_end());
    CHECK(out.size() == 12);
    CHECK(own_handlers::installed());
  }
  CHECK(handled_by_test == 0);
  std::raise(SIGTERM);
  CHECK(handled_by_test == 1);
}

TEST_CASE("the second signal stops at once") {
  own_handlers mine;
  actor_job job{with_signals(), seconds(1), {std::make_shared<manual_clock>(), nullptr}};
  std::atomic<int> outputs = 0;
  std::atomic<bool> go_on = false;
  test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
    ++outputs;
    do
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (!go_on);
  });
  job.context->start();
  job.runtime->advance(seconds(2000));
  CHECK(wait_until([&] { return outputs == 1; }));
  std::raise(SIGINT);
  CHECK(wait_until([&] { return job.log->count(log_level::warning, "stopping gracefully") == 1; }));
  std::raise(SIGTERM);
  CHECK(wait_until([&] { return job.log->count(log_level::warning, "stopping at once") == 1; }));
  go_on = true;
  CHECK_FALSE(job.wait_for_end());
  CHECK(outputs < 2000);
}

TEST_CASE(
    "a job that is told so stops at once on the first signal, or leaves signals to the program") {
  own_handlers mine;
  actor_job at_once{with_signals().set("stop.gracefully_on_signal", false)};
  actor_job deaf;
  for (auto* job : {&at_once, &deaf}) {
    test_input<int>(*job->context, {}).for_each_batch([](const batch<int>&) {});
    job->context->start();
  }
  std::raise(SIGINT);
  CHECK_FALSE(at_once.wait_for_end());
  CHECK(at_once.log->count(log_level::warning, "stopping at once") == 1);
  CHECK_FALSE(deaf.context->await_termination_for(milliseconds(30)));
  auto before = handled_by_test.load();
  std::raise(SIGINT);
  CHECK(handled_by_test == before + 1);
  deaf.stop_gracefully();
}

TEST_CASE(
    "every registration hears every signal, counted from its own first one, until it is gone") {
  own_handlers mine;
  std::mutex mutex;
  std::vector<int> first;
  std::vector<int> second;
  auto hear = [&](std::vector<int>& into) {
    return [&](int count) {
      std::lock_guard guard{mutex};
      into.push_back(count);
    };
  };
  auto heard = [&](const std::vector<int>& what, std::vector<int> expected) {
    return wait_until([&] {
      std::lock_guard guard{mutex};
      return what == expected;
    });
  };
  auto threads = settled_thread_count();
  auto descriptors = descriptor_count();
  auto one = std::make_unique<actors::signal_registration>(hear(first));
  std::raise(SIGINT);
  CHECK(heard(first, {1}));
  {
    actors::signal_registration two{hear(second)};
    std::raise(SIGTERM);
    CHECK(heard(first, {1, 2}));
    CHECK(heard(second, {1}));
  }
  CHECK_FALSE(own_handlers::installed());
  std::raise(SIGINT);
  CHECK(heard(first, {1, 2, 3}));
  CHECK(heard(second, {1}));
  one.reset();
  CHECK(own_handlers::installed());
  CHECK(back_to_threads(threads));
  CHECK(descriptor_count() == descriptors);
}
