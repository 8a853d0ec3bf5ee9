#include "runtime/engines.hpp"

#include <cmath>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using longs = std::vector<std::int64_t>;
using counted = std::pair<std::string, std::int64_t>;
using counts = std::vector<counted>;

const test_batches<counted> scores{counts{{"a", 3}, {"b", 7}, {"c", 7}, {"d", 1}},
                                   counts{{"e", 5}, {"f", 9}}, counts{}, counts{}};

/// Sum and number of records.
struct mean {
  std::int64_t sum = 0;
  std::int64_t n = 0;
  void add(std::int64_t x) {
    sum += x;
    ++n;
  }
  void merge(const mean& other) {
    sum += other.sum;
    n += other.n;
  }
};

} // namespace

TEST_CASE("top_k of each batch, greatest first, ties in their own order") {
  on_all_engines([](engine& on) {
    auto out =
        run_operation(on, scores, [](const auto& s) { return s.top_k(3, &counted::second); });
    CHECK(out.batches ==
          std::vector<counts>{{{"b", 7}, {"c", 7}, {"a", 3}}, {{"f", 9}, {"e", 5}}, {}, {}});
  });
}

TEST_CASE("top_k of each window") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, scores, [](const auto& s) {
      return s.top_k_by_window(3, &counted::second, seconds(2));
    });
    CHECK(out.batches == std::vector<counts>{{{"b", 7}, {"c", 7}, {"a", 3}},
                                             {{"f", 9}, {"b", 7}, {"c", 7}},
                                             {{"f", 9}, {"e", 5}},
                                             {}});
  });
}

TEST_CASE("top_k of text that the batch owns") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 1, [](basic_stream_context& context) {
      using views = std::vector<std::string_view>;
      auto words = context.input_stream<std::string_view>([](batch_time) {
        return std::optional{
            batch<std::string_view>{views{"b", "longer than a short string", "a"}, 2}};
      });
      return words.top_k(2, [](const auto& w) { return w.size(); });
    });
    CHECK(out.batches[0] == std::vector<std::string>{"longer than a short string", "a"});
  });
}

TEST_CASE("aggregate: one summary of each batch, also of an empty one, and of each window") {
  const test_batches<std::int64_t> input{longs{1, 2, 3}, longs{10}, longs{}, longs{}};
  auto show = [](const mean& m) { return std::pair{m.sum, m.n}; };
  using shown = std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>>;
  on_all_engines([&](engine& on) {
    auto out = run_operation(
        on, input, [&](const auto& s) { return s.aggregate([] { return mean{}; }).map(show); });
    CHECK(out.batches == shown{{{6, 3}}, {{10, 1}}, {{0, 0}}, {{0, 0}}});
  });
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, input, [&](const auto& s) {
      return s.aggregate_by_window([] { return mean{}; }, seconds(2)).map(show);
    });
    CHECK(out.batches == shown{{{6, 3}}, {{16, 4}}, {{10, 1}}, {{0, 0}}});
  });
  const test_batches<std::int64_t> gaps{longs{1, 2, 3}, std::nullopt, std::nullopt, longs{10}};
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, gaps, [&](const auto& s) {
      return s.aggregate_by_window([] { return mean{}; }, seconds(2)).map(show);
    });
    CHECK(out.batches == shown{{{6, 3}}, {{6, 3}}, {{0, 0}}, {{10, 1}}});
  });
}

TEST_CASE("approximate counts, quantiles and heavy hitters are within their bounds") {
  longs numbers;
  for (std::int64_t i = 0; i < 20'000; ++i)
    numbers.push_back(i % 2 == 0 ? 7 : i);
  const test_batches<std::int64_t> input{numbers, longs{}};
  const double distinct = 10'000;
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, input, [](const auto& s) { return s.approx_count_distinct(); });
    // Five standard errors of 0.8 %.
    CHECK(std::abs(static_cast<double>(out.batches[0].at(0)) - distinct) < distinct * 0.04);
    CHECK(out.batches[1] == longs{0});
  });
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, input, [](const auto& s) {
      return s.approx_quantiles_by_window({0.25, 0.75}, seconds(2));
    });
    for (auto& batch : out.batches) {
      auto& q = batch.at(0);
      CHECK(q.at(0) == doctest::Approx(7).epsilon(0.01));
      CHECK(q.at(1) == doctest::Approx(10'000).epsilon(0.05));
    }
  });
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, input, [](const auto& s) { return s.heavy_hitters(1, 100); });
    auto [value, count] = out.batches[0].at(0);
    CHECK(value == 7);
    CHECK(count >= 10'000);
    CHECK(count <= 10'200);
    CHECK(out.batches[1].empty());
  });
}

TEST_CASE("bad aggregates are refused by operation and place") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto s = test_input(*context, test_batches<std::int64_t>{});
    const auto refuses = [](const char* operation, const char* why, auto call) {
      const std::string where = std::string{operation} + " at aggregate_test.cpp:";
      CHECK_THROWS_WITH_AS(call(), doctest::Contains(where.c_str()), stream_error);
      CHECK_THROWS_WITH_AS(call(), doctest::Contains(why), stream_error);
    };
    refuses("approx_count_distinct", "precision", [&] { s.approx_count_distinct(3); });
    refuses("approx_quantiles", "allowed are 0 to 1",
            [&] { s.map([](std::int64_t x) { return double(x); }).approx_quantiles({1.5}); });
    refuses("approx_quantiles_by_window", "a fraction is -0.1", [&] {
      s.approx_quantiles_by_window({0.5, -0.1}, seconds(2));
    });
    refuses("heavy_hitters", "capacity", [&] { s.heavy_hitters(1, 0); });
    refuses("top_k_by_window", "must be a multiple",
            [&] { s.top_k_by_window(3, std::identity{}, milliseconds(1500)); });
  });
}
