// Spark's StreamingContextSuite, on both runtimes. Its cases without counterpart here:
// - constructors from and of a SparkContext, "start and stop state check" of one, "stop only
//   streaming context", "stop(true) after stop(false)": there is no second context below ours;
// - "start should set local properties": there are no job groups;
// - streamingSource and SPARK-28709, metrics and a page that are registered while a context runs:
//   metrics go to the observer that a context was given, and nothing is registered anywhere;
// - getActive and getActiveOrCreate: of several contexts in a process none is "the" active one.
// Cases that need checkpoints, such as getOrCreate, come with checkpoints. The stops that wait for
// slow receivers are in receivers/spark_receiver_test.cpp, errors in tasks and in making batches in
// batch_failure_test.cpp.
// Bettered: several contexts may be active at once, where Spark's second `start` throws; `stop` may
// be called from a listener and from any other code of the job.
#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"

#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

using context_ptr = std::unique_ptr<basic_stream_context>;
constexpr duration half_second = milliseconds(500);

context_ptr make(engine& on, configuration conf = test_configuration()) {
  return on.make_context(std::move(conf), half_second);
}

/// A job of one input and one output that counts its batches.
context_ptr counting(engine& on, std::atomic<int>& batches) {
  auto context = make(on);
  test_input(*context, test_batches<int>{}).for_each_batch([&batches](const batch<int>&) {
    ++batches;
  });
  return context;
}

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const stream_error& e) {
    return e.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct idle_receiver final : receiver<int> {
  explicit idle_receiver(std::atomic<int>& running) : running_{running} {}
  void on_start() override { ++running_; }
  void on_stop() override {
    store(1);
    --running_;
  }
  std::atomic<int>& running_;
};

} // namespace

TEST_CASE("state matching, start and stop state check") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    CHECK(context->state() == context_state::initialised);
    context->start();
    CHECK(context->state() == context_state::active);
    on.advance(seconds(1));
    CHECK(wait_until([&] { return batches == 2; }));
    context->stop();
    CHECK(context->state() == context_state::stopped);
    on.advance(seconds(5));
    CHECK(batches == 2);
  });
}

TEST_CASE("start several times is one start and a warning") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    auto log = std::make_shared<memory_log>();
    context->set_log(log);
    context->start();
    context->start();
    CHECK(context->state() == context_state::active);
    CHECK(log->count(log_level::warning, "already been started") == 1);
    on.advance(seconds(1));
    CHECK(wait_until([&] { return batches == 2; }));
    context->stop();
    CHECK(batches == 2);
  });
}

TEST_CASE("stop several times") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    context->start();
    context->stop();
    context->stop();
    context->stop(stop_mode::graceful);
    context->request_stop(stop_mode::immediate);
    CHECK(context->state() == context_state::stopped);
  });
}

TEST_CASE("stop before start, and start after stop") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    context->stop();
    CHECK(context->state() == context_state::stopped);
    CHECK(contains(message_of([&] { context->start(); }), "has already been stopped"));
    CHECK(context->await_termination() == 0);
  });
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    context->start();
    context->stop();
    CHECK(contains(message_of([&] { context->start(); }), "has already been stopped"));
    CHECK(context->state() == context_state::stopped);
  });
}

TEST_CASE("no output operations") {
  on_all_engines([](engine& on) {
    auto context = make(on);
    test_input(*context, test_batches<int>{}).map([](int x) { return x; });
    CHECK(contains(message_of([&] { context->start(); }),
                   "No output operations registered, so nothing to execute"));
    CHECK(context->state() == context_state::stopped);
  });
}

TEST_CASE("a failure to start leaves nothing running") {
  on_all_engines([](engine& on) {
    std::atomic<int> running = 0;
    std::atomic<int> batches = 0;
    auto context = make(on);
    context->receiver_stream([&] { return std::make_shared<idle_receiver>(running); })
        .for_each_batch([&](const batch<int>&) { ++batches; });
    context
        ->receiver_stream([&]() -> std::shared_ptr<idle_receiver> {
          throw stream_error{errc::unavailable, "no second receiver"};
        })
        .for_each_batch([&](const batch<int>&) { ++batches; });
    CHECK(contains(message_of([&] { context->start(); }), "no second receiver"));
    CHECK(context->state() == context_state::stopped);
    CHECK(running == 0);
    on.advance(seconds(5));
    CHECK(batches == 0);
    CHECK(contains(message_of([&] { context->start(); }), "has already been stopped"));
  });
}

TEST_CASE("nothing can be added after start or after stop, and the error names the operation") {
  on_all_engines([](engine& on) {
    auto context = make(on);
    auto stream = test_input(*context, test_batches<int>{});
    auto pairs = stream.map([](int x) { return std::pair{x, x}; });
    auto output = stream.for_each_batch([](const batch<int>&) {});
    for (std::string when : {"starting", "stopping"}) {
      when == "starting" ? context->start() : context->stop();
      auto refused = [&](const std::string& operation, const std::function<void()>& add) {
        auto e = message_of(add);
        CAPTURE(e);
        CHECK(contains(e, "Adding new inputs, transformations, and output operations after " +
                              when + " a context is not supported: " + operation +
                              " at spark_context_test.cpp:"));
      };
      refused("input_stream", [&] {
        context->input_stream<int>([](batch_time) { return std::optional<batch<int>>{}; });
      });
      refused("queue_stream", [&] { context->queue_stream(std::make_shared<batch_feed<int>>()); });
      refused("socket_text_stream", [&] { context->socket_text_stream("localhost", 1); });
      refused("map", [&] { stream.map([](int x) { return x; }); });
      refused("repartition", [&] { stream.repartition(2); });
      refused("reduce_by_key", [&] { pairs.reduce_by_key(std::plus{}); });
      refused("union", [&] { stream.union_with(stream); });
      refused("for_each_batch", [&] { stream.for_each_batch([](const batch<int>&) {}); });
      refused("print", [&] { stream.print(); });
      refused("name", [&] { stream.name("late"); });
      refused("name", [&] { output.name("late"); });
      refused("on_failure", [&] { output.on_failure(failure_policy::skip); });
    }
  });
}

TEST_CASE("await_termination_for: false while running, true once stopped") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    CHECK_FALSE(context->await_termination_for(duration{0}));
    context->start();
    CHECK_FALSE(context->await_termination_for(milliseconds(20)));
    context->stop();
    CHECK(context->await_termination_for(milliseconds(20)));
    CHECK(context->await_termination() == 0);
  });
}

TEST_CASE("await_termination before start is an error") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    CHECK(contains(message_of([&] { context->await_termination(); }), "has not been started"));
  });
}

TEST_CASE("await_termination on a thread of the job is an error, not a wait for ever") {
  on_all_engines([](engine& on) {
    auto context = make(on);
    std::atomic<bool> refused = false;
    test_input(*context, test_batches<int>{}).for_each_batch([&](const batch<int>&) {
      refused =
          contains(message_of([&] { context->await_termination(); }), "thread of the job itself");
    });
    context->start();
    on.advance(half_second);
    CHECK(wait_until([&] { return refused.load(); }));
    context->stop();
  });
}

TEST_CASE("stop from a listener, from an output function and from a receiver") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    auto context = counting(on, batches);
    auto events = std::make_shared<event_log>();
    events->at_event = [&](const std::string& e) {
      if (e == "batch completed 1000")
        context->stop();
    };
    context->add_listener(events);
    context->start();
    on.advance(half_second);
    on.advance(half_second);
    CHECK(wait_until([&] { return context->await_termination_for(milliseconds(1)); }));
    CHECK(batches == 2);
    CHECK(context->await_termination() == 0);
    CHECK(events->events("streaming stopped").size() == 1);
  });
  for (auto mode : {stop_mode::immediate, stop_mode::graceful})
    on_all_engines([&](engine& on) {
      auto context = make(on);
      test_input(*context, test_batches<int>{}).for_each_batch([&](const batch<int>&) {
        context->stop(mode);
      });
      context->start();
      on.advance(half_second);
      CHECK(wait_until([&] { return context->await_termination_for(milliseconds(1)); }));
    });
}

TEST_CASE("a context that goes away stops its job") {
  on_all_engines([](engine& on) {
    std::atomic<int> running = 0;
    {
      auto context = make(on);
      context->receiver_stream([&] { return std::make_shared<idle_receiver>(running); })
          .for_each_batch([](const batch<int>&) {});
      context->start();
      CHECK(wait_until([&] { return running == 1; }));
    }
    CHECK(running == 0);
  });
}

TEST_CASE("several contexts are active at once") {
  for (auto& make_one : all_engines())
    for (auto& make_other : all_engines()) {
      auto one = make_one();
      auto other = make_other();
      std::atomic<int> first = 0;
      std::atomic<int> second = 0;
      auto left = counting(*one, first);
      auto right = counting(*other, second);
      left->start();
      right->start();
      one->advance(seconds(1));
      other->advance(seconds(2));
      CHECK(wait_until([&] { return first == 2 && second == 4; }));
      left->stop();
      other->advance(half_second);
      CHECK(wait_until([&] { return second == 5; }));
      right->stop();
    }
}

TEST_CASE("an input stream that nothing uses does no harm") {
  on_all_engines([](engine& on) {
    std::atomic<int> batches = 0;
    std::atomic<int> running = 0;
    auto context = counting(on, batches);
    test_input(*context, test_batches<int>{std::vector<int>{1, 2}});
    context->receiver_stream([&] { return std::make_shared<idle_receiver>(running); });
    context->start();
    on.advance(seconds(1));
    CHECK(wait_until([&] { return batches == 2; }));
    context->stop();
  });
}

TEST_CASE("a bad batch interval is refused by the constructor") {
  constexpr std::int64_t thousand_days_ms = 86'400'000'000;
  on_all_engines([&](engine& on) {
    for (auto ms : {std::int64_t{0}, std::int64_t{-1}, thousand_days_ms + 1,
                    std::numeric_limits<std::int64_t>::max()})
      CHECK(contains(message_of([&] { on.make_context(test_configuration(), duration{ms}); }),
                     "the batch interval is " + std::to_string(ms) +
                         " ms; it must be at least 1 ms and at most 1000 days"));
  });
  on_all_engines([&](engine& on) {
    auto context = on.make_context(test_configuration(), duration{thousand_days_ms});
    std::atomic<int> running = 0;
    std::atomic<int> records = 0;
    context->receiver_stream([&] { return std::make_shared<idle_receiver>(running); })
        .for_each_batch([&](const batch<int>& b) { records += static_cast<int>(b.size()); });
    context->start();
    CHECK(wait_until([&] { return running == 1; }));
    context->stop(stop_mode::graceful);
    CHECK(records == 1);
    CHECK(context->await_termination() == 0);
  });
}

TEST_CASE("from conf with settings: a context keeps its conf") {
  on_all_engines([](engine& on) {
    auto conf = test_configuration().app_name("mine").set("receiver.restart_delay", "10s");
    auto context = make(on, conf);
    conf.set("receiver.restart_delay", "1s").app_name("changed");
    CHECK(context->conf().app_name() == "mine");
    CHECK(context->conf().get_duration("receiver.restart_delay") == seconds(10));
    CHECK(context->conf().master().threads == 2);
    CHECK(context->batch_interval() == half_second);
  });
}

TEST_CASE("a job that failed by itself is stopped, also when nobody waits for it") {
  on_all_engines([](engine& on) {
    auto context = make(on);
    test_input(*context, test_batches<int>{}).for_each_batch([&](const batch<int>&) {
      CHECK(context->state() == context_state::active);
      throw std::runtime_error("no luck");
    });
    context->start();
    CHECK(context->state() == context_state::active);
    on.advance(half_second);
    CHECK(wait_until([&] { return context->state() == context_state::stopped; }));
    CHECK(contains(message_of([&] { context->start(); }), "has already been stopped"));
    CHECK(contains(message_of([&] { context->await_termination(); }), "no luck"));
  });
}

TEST_CASE("SPARK-22955: stopping while the clock is far ahead of the batches does no harm") {
  for (auto mode : {stop_mode::immediate, stop_mode::graceful})
    on_all_engines([&](engine& on) {
      std::atomic<int> batches = 0;
      auto context = counting(on, batches);
      context->start();
      on.advance(minutes(30));
      context->stop(mode);
      CHECK(context->await_termination() == 0);
    });
}

TEST_CASE("SPARK-22955: the clock set to its end, and then a stop") {
  for (auto mode : {stop_mode::immediate, stop_mode::graceful}) {
    auto time = std::make_shared<manual_clock>();
    basic_stream_context context{
        test_configuration().set("stop.handle_signals", false), half_second,
        std::make_unique<actors::actor_runtime>(actors::actor_runtime_options{time, nullptr})};
    context.set_log(std::make_shared<memory_log>());
    std::atomic<int> batches = 0;
    std::atomic<int> running = 0;
    test_input(context, test_batches<int>{}).for_each_batch([&](const batch<int>&) { ++batches; });
    context.receiver_stream([&] { return std::make_shared<idle_receiver>(running); })
        .for_each_batch([](const batch<int>&) {});
    context.start();
    CHECK(wait_until([&] { return running == 1; }));
    time->set(batch_time{std::numeric_limits<std::int64_t>::max()});
    context.stop(mode);
    CHECK(context.await_termination() == 0);
    CHECK(running == 0);
  }
}
