#include "runtime/kept_results.hpp"

#include <set>

using namespace millrace;
using namespace millrace::test;

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
    static_assert(std::is_same_v<decltype(out), job_output<keyed_text>>);
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

TEST_CASE("a batch of views keeps what they point into, and what transform returns is owned") {
  check_keyed(false, [](auto& c) {
    return pairs_of(c).transform([](const batch<keyed_text>& in) {
      auto fresh = in.map([](const keyed_text& p) { return keyed_text(p.first, p.second); });
      return fresh.map([](const keyed_text& p) { return std::pair<view, view>(p.first, p.second); })
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
  std::optional<text> greatest_of_all = batch<int>{1, 2}
                                            .map(long_text)
                                            .map([](const text& t) { return view(t); })
                                            .reduce(greater_view);
  CHECK(greatest_of_all == long_text(2));
}

TEST_CASE("blocks of views keep what a batch made them from") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 1, [](basic_stream_context& context) {
      return context.input_stream<std::pair<view, int>>([](batch_time) {
        batch<text> owner{texts{long_text(1), long_text(2)}, 2};
        return std::optional{owner.map([](const text& t) { return std::pair(view(t), 1); })};
      });
    });
    REQUIRE(out.batches.size() == 1);
    CHECK(out.batches[0] ==
          std::vector<std::pair<text, int>>{{long_text(1), 1}, {long_text(2), 1}});
  });
}

TEST_CASE("static values of a join own their text") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      texts names{long_text(1), long_text(2)};
      batch<std::pair<text, view>> table{{"even", names[0]}, {"odd", names[1]}};
      auto joined = pairs_of(context).join(table).map(
          [](const auto& r) { return keyed_text(r.first, r.second.second); });
      std::fill(names.begin(), names.end(), long_text(0));
      return joined.reduce_by_key(greater_view);
    });
    std::map<text, text> expected{{"even", long_text(1)}, {"odd", long_text(2)}};
    CHECK(as_maps(out.batches) == std::vector(3, expected));
  });
}
