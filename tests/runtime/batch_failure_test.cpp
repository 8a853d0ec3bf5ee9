#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"

#include <atomic>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

const test_batches<int> three{std::vector{1, 2}, std::vector{3, 4}, std::vector{5, 6}};

configuration with(std::string_view key, std::string_view value) {
  return test_configuration().set(key, value);
}

/// Runs three batches with what `build(stream)` adds to a test stream, until the job has stopped or
/// the last batch is complete. Returns the error that await_termination threw.
template <class Build>
std::string run_three(engine& on, configuration conf, const std::shared_ptr<event_log>& events,
                      Build build) {
  auto context = on.make_context(std::move(conf), seconds(1));
  context->add_listener(events);
  build(*context);
  context->start();
  try {
    on.advance(seconds(3));
    bool done = wait_until([&] {
      return !events->events("batch completed 3000").empty() ||
             context->await_termination_for(duration{0});
    });
    CHECK(done);
    context->stop();
    context->await_termination();
  } catch (const stream_error& e) {
    context->stop();
    return e.what();
  }
  return {};
}

template <class Build>
std::string run_three(engine& on, Build build) {
  return run_three(on, test_configuration(), std::make_shared<event_log>(), build);
}

/// A stream whose first `failures` flushes fail, and lose what was written.
class failing_buffer final : public std::stringbuf {
public:
  explicit failing_buffer(int failures) : left_{failures} {}

protected:
  int sync() override {
    if (left_ == 0)
      return 0;
    --left_;
    str("");
    return -1;
  }

private:
  int left_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("an error in a task ends the job with the user's message, operator and place") {
  on_all_engines([](engine& on) {
    std::atomic<int> calls = 0;
    std::atomic<int> outputs = 0;
    auto e = run_three(on, [&](basic_stream_context& context) {
      test_input(context, three)
          .map([&](int x) {
            if (x == 3) {
              ++calls;
              throw std::runtime_error("map task");
            }
            return x;
          })
          .for_each_batch([&](const batch<int>&) { ++outputs; });
    });
    CAPTURE(e);
    CHECK(contains(e, "the function given to map at batch_failure_test.cpp:"));
    CHECK(contains(e, "threw: map task"));
    CHECK(contains(e, "4 attempts"));
    CHECK(calls == 4);
    CHECK(outputs == 1);
  });
}

TEST_CASE("an error in making a batch ends the job") {
  on_all_engines([](engine& on) {
    auto e = run_three(on, [&](basic_stream_context& context) {
      context
          .input_stream<int>([](batch_time t) -> std::optional<batch<int>> {
            if (t == batch_time{2000})
              throw std::runtime_error("transform");
            return batch<int>{1};
          })
          .for_each_batch([](const batch<int>&) {});
    });
    CAPTURE(e);
    CHECK(contains(e, "Error generating a batch for time 2000 ms"));
    CHECK(contains(e, "transform"));
    CHECK(contains(e, "input_stream at batch_failure_test.cpp:"));
  });
}

TEST_CASE("attempts are counted, and one that succeeds is enough") {
  for (int max_failures : {1, 2, 5})
    for (int failing : {1, 3})
      on_all_engines([&](engine& on) {
        std::atomic<int> calls = 0;
        collector<int> out;
        auto e = run_three(on, with("stream.task_max_failures", std::to_string(max_failures)),
                           std::make_shared<event_log>(), [&](basic_stream_context& context) {
                             test_input(context, three, 1)
                                 .map([&](int x) {
                                   if (x == 3 && calls++ < failing)
                                     throw std::runtime_error("not yet");
                                   return x;
                                 })
                                 .collect_into(out);
                           });
        bool fails = failing >= max_failures;
        CHECK(calls == std::min(failing + 1, max_failures));
        CHECK(e.empty() == !fails);
        if (!fails)
          CHECK(out.batches() == std::vector<std::vector<int>>{{1, 2}, {3, 4}, {5, 6}});
      });
}

TEST_CASE("a retried task behind an exchange gives the same result") {
  on_all_engines([](engine& on) {
    std::atomic<int> failures = 2;
    collector<int> out;
    auto e = run_three(on, [&](basic_stream_context& context) {
      test_input(context, three)
          .repartition(1)
          .map([&](int x) {
            if (x == 4 && failures-- > 0)
              throw std::runtime_error("not yet");
            return x * 10;
          })
          .reduce(std::plus{})
          .collect_into(out);
    });
    CHECK(e.empty());
    CHECK(out.batches() == std::vector<std::vector<int>>{{30}, {70}, {110}});
  });
}

TEST_CASE("on_batch_failure=skip goes on with the next batch and reports no error") {
  on_all_engines([](engine& on) {
    auto events = std::make_shared<event_log>();
    collector<int> out;
    auto e =
        run_three(on, with("stream.on_batch_failure", "skip").set("stream.task_max_failures", 1),
                  events, [&](basic_stream_context& context) {
                    test_input(context, three)
                        .map([](int x) {
                          if (x == 3)
                            throw std::runtime_error("three");
                          return x;
                        })
                        .collect_into(out);
                  });
    CHECK(e.empty());
    CHECK(out.times() == std::vector{batch_time{1000}, batch_time{3000}});
    auto completed = events->completed();
    REQUIRE(completed.size() == 3);
    CHECK_FALSE(completed[0].failure);
    CHECK(contains(completed[1].failure.value_or(""), "three"));
    CHECK(contains(completed[1].outputs.at(0).failure.value_or(""), "three"));
    CHECK_FALSE(completed[2].failure);
  });
}

TEST_CASE("skipping also survives an error in making a batch and an absent parent of a union") {
  on_all_engines([](engine& on) {
    auto events = std::make_shared<event_log>();
    collector<int> out;
    auto e = run_three(
        on, with("stream.on_batch_failure", "skip"), events, [&](basic_stream_context& context) {
          auto thrower = context.input_stream<int>([](batch_time t) -> std::optional<batch<int>> {
            if (t == batch_time{1000})
              throw std::runtime_error("making");
            return t == batch_time{2000} ? std::optional<batch<int>>{} : batch<int>{9};
          });
          test_input(context, three).union_with(thrower).collect_into(out);
        });
    CHECK(e.empty());
    CHECK(out.batches() == std::vector<std::vector<int>>{{5, 6, 9}});
    auto completed = events->completed();
    REQUIRE(completed.size() == 3);
    CHECK(contains(completed[0].failure.value_or(""), "making"));
    CHECK(contains(completed[1].failure.value_or(""), "for unifying"));
  });
}

TEST_CASE("print to a stream that fails is a failed output: tried again, then the end of the job") {
  for (int failures : {0, 3, 4})
    on_all_engines([&](engine& on) {
      failing_buffer buffer{failures};
      std::ostream to{&buffer};
      auto e = run_three(
          on, with("stream.task_max_failures", "4"), std::make_shared<event_log>(),
          [&](basic_stream_context& context) { test_input(context, three).print_to(to); });
      CHECK(to.good());
      CAPTURE(e);
      if (failures == 4) {
        CHECK(contains(e, "print at batch_failure_test.cpp:"));
        CHECK(contains(e, "the stream that it writes to failed"));
        CHECK(buffer.str().empty());
      } else {
        CHECK(e.empty());
        CHECK(contains(buffer.str(), "Time: 1000 ms"));
        CHECK(contains(buffer.str(), "Time: 3000 ms"));
      }
    });
}

TEST_CASE("the policy of an output that fails is what follows, whatever the job's is: table") {
  using policy = std::optional<failure_policy>;
  constexpr auto stop = failure_policy::stop;
  constexpr auto skip = failure_policy::skip;
  struct row {
    const char* job;
    policy first, second;
    const char* failed; ///< Whose error ends the job; null: none does.
  };
  for (const auto& [job, first, second, failed] :
       {row{"stop", skip, policy{}, "second"}, row{"stop", policy{}, skip, "first"},
        row{"stop", skip, skip, nullptr}, row{"stop", policy{}, policy{}, "first"},
        row{"skip", policy{}, policy{}, nullptr}, row{"skip", policy{}, stop, "second"},
        row{"skip", stop, stop, "first"}})
    on_all_engines([&, job = job, first = first, second = second, failed = failed](engine& on) {
      CAPTURE(job);
      CAPTURE(failed);
      auto events = std::make_shared<event_log>();
      collector<int> out;
      auto conf = with("stream.on_batch_failure", job).set("stream.task_max_failures", 1);
      auto e = run_three(on, conf, events, [&](basic_stream_context& context) {
        auto s = test_input(context, three);
        auto fail_with = [&](const char* what, policy then) {
          auto output = s.for_each_batch([what](const batch<int>&, batch_time t) {
            if (t == batch_time{2000})
              throw std::runtime_error(what);
          });
          if (then)
            output.on_failure(*then);
        };
        fail_with("first", first);
        fail_with("second", second);
        s.collect_into(out);
      });
      CHECK(out.times().at(1) == batch_time{2000});
      CHECK((out.times().size() == 3) == (failed == nullptr));
      CHECK(e.empty() == (failed == nullptr));
      CHECK(contains(e, failed ? failed : ""));
      CHECK(events->completed().at(1).failure.has_value());
      CHECK(events->completed().at(1).outputs.at(0).failure.has_value());
    });
}

TEST_CASE("the policy of an output says nothing of a batch that failed before it") {
  on_all_engines([](engine& on) {
    auto e = run_three(on, with("stream.task_max_failures", "1"), std::make_shared<event_log>(),
                       [](basic_stream_context& context) {
                         test_input(context, three)
                             .map([](int x) {
                               if (x == 3)
                                 throw std::runtime_error("three");
                               return x;
                             })
                             .for_each_batch([](const batch<int>&) {})
                             .on_failure(failure_policy::skip);
                       });
    CHECK(contains(e, "three"));
  });
}

TEST_CASE("one failing output does not keep the others of its batch from running") {
  on_all_engines([](engine& on) {
    collector<int> before;
    collector<int> after;
    auto events = std::make_shared<event_log>();
    auto e = run_three(on, with("stream.task_max_failures", "2"), events,
                       [&](basic_stream_context& context) {
                         auto s = test_input(context, three);
                         s.collect_into(before);
                         s.for_each_batch([](const batch<int>&, batch_time t) {
                           if (t == batch_time{2000})
                             throw std::runtime_error("output");
                         });
                         s.collect_into(after);
                       });
    CHECK(contains(e, "for_each_batch at batch_failure_test.cpp:"));
    CHECK(before.size() >= 2);
    CHECK(after.size() >= 2);
    auto outputs = events->outputs();
    REQUIRE(outputs.size() >= 6);
    CHECK_FALSE(outputs[3].failure);
    CHECK(outputs[4].failure);
    CHECK_FALSE(outputs[5].failure);
  });
}

TEST_CASE("events of a batch come in order, outputs with their stable ids and names") {
  on_all_engines([](engine& on) {
    auto events = std::make_shared<event_log>();
    collector<int> out;
    auto e = run_three(on, test_configuration().set("stream.batches_in_flight", 1), events,
                       [&](basic_stream_context& context) {
                         auto s = test_input<int>(
                             context, {std::vector{1, 2, 3}, std::nullopt, std::vector<int>{}});
                         s.collect_into(out);
                         s.count().for_each_batch([](const batch<std::int64_t>&) {});
                       });
    CHECK(e.empty());
    std::vector<std::string> expected;
    for (std::string t : {"1000", "2000", "3000"})
      for (auto* event : {"batch submitted T", "batch started T", "output started T 0 collect_into",
                          "output completed T 0 collect_into", "output started T 1 for_each_batch",
                          "output completed T 1 for_each_batch", "batch completed T"}) {
        std::string text = event;
        expected.push_back(text.replace(text.find('T'), 1, t));
      }
    for (auto& t : {"1000", "2000", "3000"}) {
      auto of_batch = [&](std::vector<std::string> all) {
        std::erase_if(all, [&](auto& text) { return !contains(text, t); });
        return all;
      };
      CHECK(of_batch(events->events()) == of_batch(expected));
    }
    auto completed = events->completed();
    REQUIRE(completed.size() == 3);
    CHECK(completed[0].records() == 3);
    CHECK(completed[0].outputs.size() == 2);
    CHECK(
        contains(completed[0].outputs[1].description, "for_each_batch at batch_failure_test.cpp:"));
    CHECK(completed[0].processing_delay());
    CHECK(events->events("streaming started").size() == 1);
    CHECK(events->events("streaming stopped").size() == 1);
    CHECK(events->events().back() == "streaming stopped");
  });
}

TEST_CASE("what a listener throws is logged and otherwise ignored") {
  on_all_engines([](engine& on) {
    auto events = std::make_shared<event_log>();
    auto thrower = std::make_shared<event_log>();
    thrower->at_event = [](const std::string&) { throw std::runtime_error("listener"); };
    collector<int> out;
    auto e = run_three(on, test_configuration(), events, [&](basic_stream_context& context) {
      context.add_listener(thrower);
      test_input(context, three).collect_into(out);
    });
    CHECK(e.empty());
    CHECK(out.size() == 3);
    CHECK(events->events("batch completed").size() == 3);
    CHECK(thrower->events("batch completed").size() == 3);
  });
}

TEST_CASE("a listener that was removed hears nothing more") {
  on_all_engines([](engine& on) {
    auto removed = std::make_shared<event_log>();
    run_three(on, [&](basic_stream_context& context) {
      context.add_listener(removed);
      context.remove_listener(removed);
      test_input(context, three).for_each_batch([](const batch<int>&) {});
    });
    CHECK(removed->events().empty());
  });
}
