#include "runtime/kept_results.hpp"

#include <set>

using namespace millrace;
using namespace millrace::test;

TEST_CASE("windows keep text, whether the function returns a string or a view") {
  auto all = seconds(60);
  check_keyed(true,
              [&](auto& c) { return pairs_of(c).reduce_by_key_and_window(greater_text, all); });
  check_keyed(true,
              [&](auto& c) { return pairs_of(c).reduce_by_key_and_window(greater_view, all); });
  check_keyed(true, [&](auto& c) {
    return pairs_of(c).reduce_by_key_and_window(greater_view, greater_view, all);
  });
  check_keyed(true, [&](auto& c) {
    auto values = [](bool even) {
      return [even](const std::pair<view, view>& p) { return (p.first == "even") == even; };
    };
    auto greatest_of = [&](bool even) {
      return pairs_of(c)
          .filter(values(even))
          .map([](std::pair<view, view> p) { return p.second; })
          .reduce_by_window(greater_view, all)
          .map([even](text v) { return keyed_text(even ? "even" : "odd", std::move(v)); });
    };
    return greatest_of(true).union_with(greatest_of(false));
  });
}

TEST_CASE("windows by event time keep text") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 4, [](basic_stream_context& context) {
      return pairs_of(context)
          .map([](std::pair<view, view> p) { return p; })
          .assign_timestamps(
              [](const std::pair<view, view>& p) {
                auto number = std::stoi(text(p.second.substr(p.second.rfind(' ') + 1)));
                return event_time{number / 100 * 1000};
              },
              seconds(0))
          .window(window_spec::tumbling(seconds(1)))
          .reduce_by_key(greater_text)
          .map([](const auto& r) { return keyed_text(r.first, r.second.value); });
    });
    auto expected = greatest(false);
    std::vector<std::map<text, text>> fired;
    for (auto& b : as_maps(out.batches))
      if (!b.empty())
        fired.push_back(b);
    CHECK(fired == std::vector<std::map<text, text>>{expected[0], expected[1]});
  });
}

TEST_CASE("update_state_by_key: what fits a state without loss is kept") {
  check_keyed(true, [](auto& c) {
    return pairs_of(c).template update_state_by_key<text>(
        [](const std::vector<view>& values, std::optional<text> old) -> view {
          static thread_local text result;
          result = old.value_or("");
          for (auto v : values)
            result = std::max(result, text(v));
          return result;
        });
  });
}

TEST_CASE("map_with_state: a view of a state or of a key that goes is kept with its text") {
  // Each result is a view of the state, which the next record of the key replaces.
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      return pairs_of(context).map_with_state(
          state_spec<text>([](view, std::optional<view> value, state<text>& s) {
            s.update(text(*value));
            return view(s.get());
          }));
    });
    std::vector<std::multiset<text>> expected;
    for (auto& records : input_lines()) {
      auto& values = expected.emplace_back();
      for (auto& line : *records)
        values.insert(text(key_and_value(line).second));
    }
    CHECK(as_sets(out.batches) == expected);
  });
  // A key that times out is removed in the batch that its view is sent in.
  on_all_engines([](engine& on) {
    auto out = run_job(on, 4, [](basic_stream_context& context) {
      auto spec = state_spec<int>([](view key, std::optional<view> value, state<int>& s) {
        if (value)
          s.update(1);
        return std::pair(key, s.is_timing_out());
      });
      return lines_of(context)
          .map([](view line) { return std::pair(line, line); })
          .map_with_state(spec.timeout(milliseconds(1500)))
          .filter([](const auto& result) { return result.second; })
          .group_by_key()
          .map([](const auto& group) { return text(group.first); });
    });
    REQUIRE(out.batches.size() == 4);
    auto first = *input_lines()[0];
    CHECK(as_sets(out.batches)[2] == std::multiset<text>(first.begin(), first.end()));
  });
}
