#include "millrace/flow/accumulator.hpp"
#include "millrace/flow/broadcast.hpp"
#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
using counted = std::pair<int, int>;

const test_batches<int> three{ints{1, 2, 3, 4}, ints{5, 6}, ints{}};

/// Runs batches one after the other until each is complete.
template <class Build>
void run_batches(engine& on, int n, Build build, std::function<void(int)> before_batch = {},
                 const std::shared_ptr<event_log>& events = std::make_shared<event_log>()) {
  auto context = on.make_context(test_configuration(), seconds(1));
  context->add_listener(events);
  build(*context);
  context->start();
  for (int i = 1; i <= n; ++i) {
    if (before_batch)
      before_batch(i);
    on.advance(seconds(1));
    CHECK(wait_until([&] { return events->completed().size() == static_cast<std::size_t>(i); }));
  }
  context->stop();
  CHECK(context->await_termination_for(patience));
}

/// Throws the first two times that it is asked.
struct twice {
  std::atomic<int> calls{0};
  void operator()() {
    if (++calls <= 2)
      throw std::runtime_error("not yet");
  }
};

} // namespace

// Spark counts failed attempts of transformations too.
TEST_CASE("an accumulator counts each task once, however often it is tried") {
  on_all_engines([](engine& on) {
    accumulator<std::int64_t> seen{"seen"};
    twice failing;
    run_batches(on, 3, [&](basic_stream_context& context) {
      test_input(context, three, 2)
          .map([seen, &failing](int x) {
            seen.add(x);
            if (x == 4 || x == 5)
              failing();
            return counted{x % 2, x};
          })
          .reduce_by_key([seen](int a, int b) {
            seen.add(1000);
            return a + b;
          })
          .for_each_batch([](const auto&) {});
    });
    CHECK(failing.calls >= 3);
    CHECK(seen.value() % 1000 == 21);
    CHECK(seen.in_batch(batch_time{1000}).value() % 1000 == 10);
    CHECK(seen.in_batch(batch_time{1000}).value() / 1000 == 2);
    CHECK(seen.in_batch(batch_time{2000}).value() % 1000 == 11);
    CHECK_FALSE(seen.in_batch(batch_time{3000}));
  });
}

TEST_CASE("an accumulator counts in outputs that are tried again, on whatever thread") {
  on_all_engines([](engine& on) {
    accumulator<int> in_output{"in output"};
    accumulator<int> in_partitions{"in partitions"};
    accumulator<int> in_batch_operations{"in batch operations"};
    twice failing;
    twice failing_partition;
    run_batches(on, 2, [&](basic_stream_context& context) {
      auto input = test_input(context, three, 4);
      input.for_each_batch([=, &failing](const batch<int>& b) {
        in_output.add(1);
        auto doubled = b.map([=](int x) {
          in_batch_operations.add(x);
          return 2 * x;
        });
        CHECK(doubled.size() == b.size());
        failing();
      });
      input.for_each_partition([](std::size_t, batch_time) { return 0; },
                               [=](int&, int x) { in_partitions.add(x); },
                               [&](int&) { failing_partition(); });
    });
    CHECK(in_output.value() == 2);
    CHECK(in_batch_operations.value() == 21);
    CHECK(in_partitions.value() == 21);
    CHECK(in_partitions.in_batch(batch_time{2000}) == 11);
  });
}

TEST_CASE("what a batch added is complete when listeners hear of its end") {
  on_all_engines([](engine& on) {
    accumulator<int> sum{"sum"};
    auto events = std::make_shared<event_log>();
    std::mutex mutex;
    std::vector<std::optional<int>> at_end;
    events->at_event = [&, sum](const std::string& event) {
      if (!event.starts_with("batch completed "))
        return;
      std::lock_guard guard{mutex};
      at_end.push_back(sum.in_batch(batch_time{std::stol(event.substr(16))}));
    };
    run_batches(
        on, 3,
        [&](basic_stream_context& context) {
          test_input(context, three, 4)
              .map([sum](int x) {
                sum.add(x);
                return x;
              })
              .repartition(3)
              .for_each_batch([sum](const batch<int>&) { sum.add(100); });
        },
        {}, events);
    CHECK(at_end == std::vector<std::optional<int>>{110, 111, 100});
  });
}

TEST_CASE("all functions of a batch see one version of a broadcast, later ones at least that") {
  on_all_engines([](engine& on) {
    broadcast<int> rules{0};
    std::mutex mutex;
    std::vector<std::set<int>> seen(6);
    auto see = [&, rules](batch_time t) {
      auto version = rules.value();
      std::lock_guard guard{mutex};
      seen.at(static_cast<std::size_t>(t.ms() / 1000)).insert(version);
    };
    std::atomic<int> now{0};
    run_batches(
        on, 5,
        [&](basic_stream_context& context) {
          test_batches<int> input(5, ints{1, 2, 3, 4, 5, 6, 7, 8});
          auto s = test_input(context, input, 4);
          s.map([&, rules](int x) {
             see(batch_time{now * 1000});
             // In the middle of a batch: the next one sees it.
             if (x == 4)
               rules.update(now * 10);
             return counted{x % 3, x};
           })
              .reduce_by_key([&](int a, int b) {
                see(batch_time{now * 1000});
                return a + b;
              })
              .for_each_batch([&](const batch<counted>& b, batch_time t) {
                see(t);
                CHECK(b.map([&](const counted&) {
                         see(t);
                         return 0;
                       }).size() == 3);
              });
          s.for_each_partition([](std::size_t, batch_time t) { return t; },
                               [&](batch_time& t, int) { see(t); }, [](batch_time&) {});
        },
        [&](int batch) { now = batch; });
    for (std::size_t b = 1; b <= 5; ++b)
      CHECK(seen[b] == std::set<int>{static_cast<int>(b - 1) * 10});
  });
}

TEST_CASE(
    "an update between two batches takes effect at the next one, also for those tried again") {
  on_all_engines([](engine& on) {
    broadcast<std::string> rules{"v0"};
    collector<std::string> out;
    twice failing;
    run_batches(
        on, 3,
        [&](basic_stream_context& context) {
          test_input<int>(context, {ints{1}, ints{2}, ints{3}}, 1)
              .map([&, rules](int x) {
                auto text = std::to_string(x) + *rules;
                if (x == 2) {
                  rules.update("not yet " + std::to_string(failing.calls));
                  failing();
                }
                return text;
              })
              .collect_into(out);
        },
        [&](int batch) {
          if (batch == 2)
            rules.update("v2");
        });
    CHECK(out.batches() == std::vector<std::vector<std::string>>{{"1v0"}, {"2v2"}, {"3not yet 2"}});
  });
}
