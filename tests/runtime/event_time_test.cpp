#include "runtime/engines.hpp"

#include <algorithm>
#include <string>
#include <tuple>

using namespace millrace;
using namespace millrace::test;

namespace {

/// (user, event time in ms, value).
using visit = std::tuple<std::string, std::int64_t, std::int64_t>;
using visits = std::vector<visit>;
using stamped = std::pair<std::string, std::int64_t>;
/// (key, start, end, value).
using fired = std::tuple<std::string, std::int64_t, std::int64_t, std::int64_t>;
using fired_sets = std::vector<std::multiset<fired>>;

/// The visits as a stream of (user, value) by event time, which may be 1 s out of order.
auto by_event_time(basic_stream_context& context, const test_batches<visit>& input,
                   duration disorder = seconds(1)) {
  struct record {
    std::int64_t time;
    std::int64_t value;
  };
  return test_input(context, input)
      .map([](const visit& v) {
        return std::pair{std::get<0>(v), record{std::get<1>(v), std::get<2>(v)}};
      })
      .assign_timestamps([](const auto& p) { return event_time{p.second.time}; }, disorder);
}

template <class K, class C>
fired flat(const std::pair<K, windowed<C>>& r) {
  return {r.first, r.second.start.ms(), r.second.end.ms(), r.second.value};
}

/// Sums of `value` in the windows, batch by batch.
template <class Build>
fired_sets run_windows(engine& on, const test_batches<visit>& input, Build build) {
  auto out = run_job(on, input.size(), [&](basic_stream_context& context) {
    return build(by_event_time(context, input)).map([](const auto& r) { return flat(r); });
  });
  return as_sets(out.batches);
}

auto sum_values() {
  return std::tuple{[](const auto& r) { return r.value; },
                    [](std::int64_t sum, const auto& r) { return sum + r.value; },
                    [](std::int64_t a, std::int64_t b) { return a + b; }};
}

template <class Windows>
auto summed(const Windows& windows) {
  auto [create, merge_value, merge] = sum_values();
  return windows.aggregate_by_key(create, merge_value, merge);
}

} // namespace

TEST_CASE("a tumbling window by event time fires once the watermark has passed its end") {
  const test_batches<visit> input{visits{{"a", 100, 1}, {"b", 900, 2}, {"a", 500, 4}},
                                  visits{{"a", 1100, 8}, {"a", 999, 16}}, visits{{"b", 2000, 32}},
                                  visits{{"b", 3500, 64}}, visits{}};
  on_all_engines([&](engine& on) {
    auto out = run_windows(on, input, [](const auto& events) {
      return summed(events.window(window_spec::tumbling(seconds(1))));
    });
    CHECK(out ==
          fired_sets{{}, {}, {{"a", 0, 1000, 21}, {"b", 0, 1000, 2}}, {{"a", 1000, 2000, 8}}, {}});
  });
}

TEST_CASE("sliding windows share their records") {
  const test_batches<visit> input{visits{{"a", 500, 1}, {"a", 1500, 2}}, visits{{"a", 6000, 4}}};
  on_all_engines([&](engine& on) {
    auto out = run_windows(on, input, [](const auto& events) {
      return summed(events.window(window_spec::sliding(seconds(2), seconds(1))));
    });
    CHECK(out == fired_sets{{}, {{"a", -1000, 1000, 1}, {"a", 0, 2000, 3}, {"a", 1000, 3000, 2}}});
  });
}

TEST_CASE("session windows join what is closer than the gap, in whatever order it comes") {
  const test_batches<visit> input{visits{{"a", 1000, 1}, {"a", 5000, 2}}, visits{{"a", 4200, 4}},
                                  visits{{"a", 20000, 8}, {"b", 20000, 1}}, visits{}};
  on_all_engines([&](engine& on) {
    auto out = run_windows(on, input, [](const auto& events) {
      return summed(events.window(window_spec::session(seconds(3))));
    });
    CHECK(out == fired_sets{{{"a", 1000, 4000, 1}}, {}, {{"a", 4200, 8000, 6}}, {}});
  });
}

TEST_CASE(
    "late records: within the allowed lateness they correct, after it they go to their stream") {
  const test_batches<visit> input{visits{{"a", 500, 1}}, visits{{"a", 2500, 2}},
                                  visits{{"a", 600, 4}}, visits{{"a", 9000, 8}},
                                  visits{{"a", 700, 16}, {"b", 800, 32}}};
  on_all_engines([&](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    collector<fired> results;
    collector<std::pair<std::string, std::int64_t>> late;
    auto windows =
        summed(by_event_time(*context, input)
                   .window(window_spec::tumbling(seconds(1)), {.allowed_lateness = seconds(2)}));
    windows.map([](const auto& r) { return flat(r); }).collect_into(results);
    windows.late_records()
        .map([](const auto& r) {
          return std::pair{r.value.first, r.time.ms()};
        })
        .collect_into(late);
    context->start();
    on.advance(seconds(5));
    CHECK(wait_until([&] { return results.size() == 5 && late.size() == 5; }));
    context->stop();
    context->await_termination_for(milliseconds(50));
    CHECK(as_sets(results.batches()) ==
          fired_sets{{}, {{"a", 0, 1000, 1}}, {{"a", 0, 1000, 5}}, {{"a", 2000, 3000, 2}}, {}});
    using late_sets = std::vector<std::multiset<std::pair<std::string, std::int64_t>>>;
    CHECK(as_sets(late.batches()) == late_sets{{}, {}, {}, {}, {{"a", 700}, {"b", 800}}});
  });
}

TEST_CASE("the watermark is one for all partitions") {
  // Only one key moves the time on; the windows of the others fire all the same.
  test_batches<visit> input{visits{}, visits{{"mover", 50'000, 1}}};
  for (int i = 0; i < 40; ++i)
    input[0]->push_back({"key" + std::to_string(i), 100, 1});
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 2, [&](basic_stream_context& context) {
      return by_event_time(context, input)
          .window(window_spec::tumbling(seconds(1)))
          .count_by_key(5U)
          .count();
    });
    CHECK(out.batches == std::vector<std::vector<std::int64_t>>{{0}, {40}});
  });
}

TEST_CASE("a record too far ahead of its batch is kept, and does not move the watermark") {
  const std::int64_t far = 1'000'000;
  const test_batches<stamped> input{std::vector<stamped>{{"a", 100}, {"a", far}},
                                    std::vector<stamped>{{"a", 200}},
                                    std::vector<stamped>{{"a", 4500}}, std::vector<stamped>{}};
  auto sums_of = [&](engine& on, std::optional<duration> max_ahead) {
    auto out = run_job(on, input.size(), [&](basic_stream_context& context) {
      return test_input(context, input)
          .assign_timestamps([](const stamped& s) { return event_time{s.second}; },
                             watermark_options{seconds(1), max_ahead})
          .window(window_spec::tumbling(seconds(1)))
          .count_by_key()
          .map([](const auto& r) { return flat(r); });
    });
    return as_sets(out.batches);
  };
  on_all_engines([&](engine& on) {
    CHECK(sums_of(on, seconds(5)) == fired_sets{{}, {}, {{"a", 0, 1000, 2}}, {}});
  });
  on_all_engines([&](engine& on) {
    // Without the bound the first batch moves the watermark, and what comes after is late.
    CHECK(sums_of(on, std::nullopt) == fired_sets{{{"a", 0, 1000, 1}}, {}, {}, {}});
  });
}

TEST_CASE("windows by event time reduce and group the values themselves") {
  const test_batches<stamped> input{std::vector<stamped>{{"x", 3}, {"y", 4}, {"x", 5}},
                                    std::vector<stamped>{{"z", 40}}};
  auto in_seconds = [&](basic_stream_context& context) {
    return test_input(context, input)
        .assign_timestamps([](const stamped& p) { return event_time{p.second * 1000}; }, seconds(0))
        .window(window_spec::tumbling(seconds(10)));
  };
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 2, [&](basic_stream_context& context) {
      return in_seconds(context).reduce_by_key(std::plus<std::int64_t>{}).map([](const auto& r) {
        return flat(r);
      });
    });
    CHECK(as_sets(out.batches) == fired_sets{{}, {{"x", 0, 10000, 8}, {"y", 0, 10000, 4}}});
  });
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 2, [&](basic_stream_context& context) {
      return in_seconds(context).group_by_key().map([](const auto& r) {
        auto values = r.second.value;
        std::sort(values.begin(), values.end());
        return std::pair{r.first, values};
      });
    });
    using groups = std::multiset<std::pair<std::string, std::vector<std::int64_t>>>;
    CHECK(as_sets(out.batches) == std::vector<groups>{{}, {{"x", {3, 5}}, {"y", {4}}}});
  });
}

TEST_CASE("interval_join gives every pair within the bounds once, in the batch of the later") {
  const test_batches<visit> orders{visits{{"a", 1000, 1}, {"b", 1000, 2}}, visits{}, visits{}};
  const test_batches<visit> payments{
      visits{{"a", 1500, 10}}, visits{{"b", 1900, 20}, {"a", 2500, 30}}, visits{{"a", 900, 40}}};
  using pair = std::tuple<std::string, std::int64_t, std::int64_t>;
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 3, [&](basic_stream_context& context) {
      auto left = by_event_time(context, orders, seconds(5));
      auto right = by_event_time(context, payments, seconds(5));
      return left.interval_join(right, milliseconds(-100), seconds(1)).map([](const auto& r) {
        return pair{r.first, r.second.first.value.value, r.second.second.value.value};
      });
    });
    CHECK(as_sets(out.batches) ==
          std::vector<std::multiset<pair>>{{{"a", 1, 10}}, {{"b", 2, 20}}, {{"a", 1, 40}}});
  });
}

TEST_CASE("bad event-time operations are refused by operation and place") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    const test_batches<visit> none;
    const auto refuses = [](const char* operation, auto call) {
      const std::string where = std::string{operation} + " at event_time_test.cpp:";
      CHECK_THROWS_WITH_AS(call(), doctest::Contains(where.c_str()), stream_error);
    };
    refuses("assign_timestamps", [&] { by_event_time(*context, none, seconds(-1)); });
    auto events = by_event_time(*context, none);
    refuses("interval_join", [&] { events.interval_join(events, seconds(2), seconds(1)); });
    refuses("window", [&] {
      events.window(window_spec::tumbling(seconds(1)), {.allowed_lateness = seconds(-1)});
    });
    refuses("window_spec::tumbling", [&] { events.window(window_spec::tumbling(seconds(0))); });
    refuses("window_spec::sliding",
            [&] { events.window(window_spec::sliding(seconds(1), seconds(2))); });
    refuses("window_spec::session", [&] { events.window(window_spec::session(seconds(-1))); });
    refuses("count_by_key",
            [&] { events.window(window_spec::session(seconds(1))).count_by_key(70'000U); });
  });
}
