#include "runtime/engines.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

using namespace millrace;
using namespace millrace::test;

namespace {

using view = std::string_view;
using text = std::string;
using texts = std::vector<text>;
using keyed = std::pair<text, text>;

/// Longer than what a string holds in place, so that a view of one that has gone shows.
text long_text(int n) { return "a value of more than sixteen bytes: " + std::to_string(n); }

/// "key value" lines; the engine owns the text, and drops it after the batch.
test_batches<text> input_lines() {
  test_batches<text> out;
  for (int b = 0; b < 3; ++b) {
    texts records;
    for (int i = 0; i < 40; ++i)
      records.push_back((i % 2 == 0 ? "even " : "odd ") + long_text(100 * b + i));
    out.push_back(std::move(records));
  }
  return out;
}

dstream<view> lines_of(basic_stream_context& context) {
  auto step = context.batch_interval().ms();
  return context.input_stream<view>([input = input_lines(), step](batch_time time) {
    auto k = static_cast<std::size_t>(time.ms() / step - 1);
    static const texts none;
    auto& from = k < input.size() ? *input[k] : none;
    return std::optional{batch<view>{std::vector<view>(from.begin(), from.end()), 3}};
  });
}

std::pair<view, view> key_and_value(view line) {
  auto at = line.find(' ');
  return {line.substr(0, at), line.substr(at + 1)};
}

dstream<std::pair<view, view>> pairs_of(basic_stream_context& context) {
  return lines_of(context).map(key_and_value);
}

/// The greatest value of each key in each batch, or of all batches up to it.
std::vector<std::map<text, text>> greatest(bool of_all) {
  std::vector<std::map<text, text>> out;
  for (auto& records : input_lines()) {
    auto& now = out.emplace_back(of_all && !out.empty() ? out.back() : std::map<text, text>{});
    for (auto& line : *records) {
      auto [key, value] = key_and_value(line);
      auto& kept = now[text(key)];
      kept = std::max(kept, text(value));
    }
  }
  return out;
}

std::vector<std::map<text, text>> as_maps(const std::vector<std::vector<keyed>>& batches) {
  std::vector<std::map<text, text>> out;
  for (auto& b : batches)
    out.emplace_back(b.begin(), b.end());
  return out;
}

/// Returns text of its own, though its arguments are views.
auto greater_text = [](view a, view b) { return text(std::max(a, b)); };
/// Returns a view of one of its arguments.
auto greater_view = [](view a, view b) { return std::max(a, b); };

template <class Build>
void check_keyed(bool of_all, Build build) {
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 3, [&](basic_stream_context& context) { return build(context); });
    CHECK(as_maps(out.batches) == greatest(of_all));
  });
}

} // namespace

TEST_CASE("reduce_by_key: strings made of views are kept as strings") {
  check_keyed(false, [](auto& c) { return pairs_of(c).reduce_by_key(greater_text); });
  check_keyed(false, [](auto& c) {
    return pairs_of(c).reduce_by_key(greater_text,
                                     partition_with(2, [](view k) { return k.size() % 2; }));
  });
  check_keyed(false, [](auto& c) { return pairs_of(c).reduce_by_key(greater_view); });
}

TEST_CASE("reduce_by_key: the ordinary join of texts with a comma") {
  std::vector<std::multiset<text>> expected;
  for (auto& records : input_lines()) {
    auto& values = expected.emplace_back();
    for (auto& line : *records)
      values.insert(text(key_and_value(line).second));
  }
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      return pairs_of(context).reduce_by_key(
          [](view a, view b) { return std::string(a) + "," + std::string(b); });
    });
    static_assert(std::is_same_v<decltype(out), job_output<keyed>>);
    std::vector<std::multiset<text>> parts;
    for (auto& batch : out.batches) {
      auto& values = parts.emplace_back();
      for (auto& [key, joined] : batch)
        for (std::size_t from = 0, end = 0; end != text::npos; from = end + 1) {
          end = joined.find(',', from);
          values.insert(joined.substr(from, end - from));
        }
    }
    CHECK(parts == expected);
  });
}

TEST_CASE("reduce_by_key: inside pairs too, with numbers that fit") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      return pairs_of(context)
          .map_values([](view v) { return std::pair(v, 1L); })
          .reduce_by_key([](std::pair<view, long> a, std::pair<view, long> b) {
            return std::pair(greater_text(a.first, b.first), a.second + b.second);
          });
    });
    auto expected = greatest(false);
    REQUIRE(out.batches.size() == 3);
    for (std::size_t b = 0; b < 3; ++b) {
      CHECK(out.batches[b].size() == 2);
      for (auto& [key, value] : out.batches[b])
        CHECK(value == std::pair(expected[b].at(key), 20L));
    }
  });
}

TEST_CASE("reduce: strings made of views are kept as strings") {
  auto expected = greatest(false);
  auto check = [&](auto f) {
    on_all_engines([&](engine& on) {
      auto out = run_job(on, 3, [&](basic_stream_context& context) {
        return pairs_of(context).map([](std::pair<view, view> p) { return p.second; }).reduce(f);
      });
      REQUIRE(out.batches.size() == 3);
      for (std::size_t b = 0; b < 3; ++b)
        CHECK(out.batches[b] == texts{std::max(expected[b].at("even"), expected[b].at("odd"))});
    });
  };
  check(greater_text);
  check(greater_view);
}

TEST_CASE("combine_by_key: the combiner is what create returns") {
  auto create = [](view v) { return text(v); };
  auto merge = [](const text& a, view b) { return std::max(view(a), b); };
  check_keyed(false, [&](auto& c) { return pairs_of(c).combine_by_key(create, merge, merge); });
  check_keyed(false,
              [&](auto& c) { return pairs_of(c).combine_by_key(create, merge, merge, 2U, false); });
}

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
          .map([even](text v) { return keyed(even ? "even" : "odd", std::move(v)); });
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
          .map([](const auto& r) { return keyed(r.first, r.second.value); });
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

TEST_CASE("a batch of views keeps what they point into, and what transform returns is owned") {
  check_keyed(false, [](auto& c) {
    return pairs_of(c).transform([](const batch<keyed>& in) {
      auto fresh = in.map([](const keyed& p) { return keyed(p.first, p.second); });
      return fresh.map([](const keyed& p) { return std::pair<view, view>(p.first, p.second); })
          .filter([](const auto&) { return true; })
          .reduce_by_key(greater_view);
    });
  });
  batch<view> kept;
  {
    batch<text> owner{texts{long_text(1), long_text(2)}, 2};
    auto views = owner.map([](const text& t) { return view(t); });
    kept = views.union_with(views).sort_by([](view v) { return v; }).distinct();
  }
  auto all = kept.collect();
  CHECK(std::multiset<view>(all.begin(), all.end()) ==
        std::multiset<view>{long_text(1), long_text(2)});
  CHECK(kept.reduce(greater_text) == long_text(2));
}

TEST_CASE("static values of a join own their text") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      texts names{long_text(1), long_text(2)};
      batch<std::pair<text, view>> table{{"even", names[0]}, {"odd", names[1]}};
      auto joined = pairs_of(context).join(table).map(
          [](const auto& r) { return keyed(r.first, r.second.second); });
      std::fill(names.begin(), names.end(), long_text(0));
      return joined.reduce_by_key(greater_view);
    });
    std::map<text, text> expected{{"even", long_text(1)}, {"odd", long_text(2)}};
    CHECK(as_maps(out.batches) == std::vector(3, expected));
  });
}
