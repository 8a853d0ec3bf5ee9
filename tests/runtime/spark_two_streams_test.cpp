#include "runtime/engines.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

using namespace millrace;
using namespace millrace::test;

// Spark's BasicOperationsSuite, the operations on two streams and on whole batches.

namespace {

using texts = std::vector<std::string>;
using left = std::pair<std::string, int>;
using right = std::pair<std::string, std::string>;

const test_batches<std::string> left_words{texts{"a", "b"}, texts{"a", ""}, texts{""}, texts{}};
const test_batches<std::string> right_words{texts{"a", "b"}, texts{"b", ""}, texts{}, texts{""}};

auto lefts(basic_stream_context& context, const test_batches<std::string>& words) {
  return test_input(context, words).map([](std::string w) { return left{std::move(w), 1}; });
}

auto rights(basic_stream_context& context, const test_batches<std::string>& words) {
  return test_input(context, words).map([](std::string w) { return right{std::move(w), "x"}; });
}

/// (key, (1 or nothing, x or nothing)).
template <class V, class W>
using joined = std::pair<std::string, std::pair<V, W>>;

template <class V, class W, class Op>
void check_join(const std::vector<std::multiset<joined<V, W>>>& expected, Op op) {
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 4, [&](basic_stream_context& context) {
      return op(lefts(context, left_words), rights(context, right_words));
    });
    CHECK(as_sets(out.batches) == expected);
  });
}

using opt_int = std::optional<int>;
using opt_text = std::optional<std::string>;

} // namespace

TEST_CASE("cogroup") {
  const test_batches<std::string> w1{texts{"a", "a", "b"}, texts{"a", ""}, texts{""}, texts{}};
  const test_batches<std::string> w2{texts{"a", "a", "b"}, texts{"b", ""}, texts{}, texts{}};
  using groups = std::pair<std::vector<int>, texts>;
  using record = std::pair<std::string, groups>;
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 4, [&](basic_stream_context& context) {
      return lefts(context, w1).cogroup(rights(context, w2));
    });
    CHECK(as_sets(out.batches) == std::vector<std::multiset<record>>{
                                      {{"a", {{1, 1}, {"x", "x"}}}, {"b", {{1}, {"x"}}}},
                                      {{"a", {{1}, {}}}, {"b", {{}, {"x"}}}, {"", {{1}, {"x"}}}},
                                      {{"", {{1}, {}}}},
                                      {}});
  });
}

TEST_CASE("join") {
  check_join<int, std::string>({{{"a", {1, "x"}}, {"b", {1, "x"}}}, {{"", {1, "x"}}}, {}, {}},
                               [](auto a, auto b) { return a.join(b); });
}

TEST_CASE("left_outer_join") {
  check_join<int, opt_text>({{{"a", {1, "x"}}, {"b", {1, "x"}}},
                             {{"", {1, "x"}}, {"a", {1, std::nullopt}}},
                             {{"", {1, std::nullopt}}},
                             {}},
                            [](auto a, auto b) { return a.left_outer_join(b); });
}

TEST_CASE("right_outer_join") {
  check_join<opt_int, std::string>({{{"a", {1, "x"}}, {"b", {1, "x"}}},
                                    {{"", {1, "x"}}, {"b", {std::nullopt, "x"}}},
                                    {},
                                    {{"", {std::nullopt, "x"}}}},
                                   [](auto a, auto b) { return a.right_outer_join(b); });
}

TEST_CASE("full_outer_join") {
  check_join<opt_int, opt_text>(
      {{{"a", {1, "x"}}, {"b", {1, "x"}}},
       {{"", {1, "x"}}, {"a", {1, std::nullopt}}, {"b", {std::nullopt, "x"}}},
       {{"", {1, std::nullopt}}},
       {{"", {std::nullopt, "x"}}}},
      [](auto a, auto b) { return a.full_outer_join(b); });
}

TEST_CASE("a join gives every pair of records with equal keys") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 1, [](basic_stream_context& context) {
      auto keys = [&](std::int64_t times) {
        return test_input(context,
                          test_batches<std::int64_t>{std::vector<std::int64_t>{1, 1, 2, 3, 3, 3}})
            .map([times](std::int64_t k) {
              return std::pair{k, times * k};
            });
      };
      return keys(10).join(keys(100));
    });
    CHECK(out.batches[0].size() == 4 + 1 + 9);
    for (auto& [key, values] : out.batches[0])
      CHECK(values == std::pair{10 * key, 100 * key});
  });
}

TEST_CASE("transform, with and without time") {
  const test_batches<std::int64_t> input{std::vector<std::int64_t>{1, 2, 3, 4},
                                         std::vector<std::int64_t>{5, 6, 7, 8},
                                         std::vector<std::int64_t>{9, 10, 11, 12}};
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, input, [](const auto& s) {
      return s.transform([](const batch<std::int64_t>& b) {
        return b.map([](std::int64_t x) { return std::to_string(x); });
      });
    });
    CHECK(out.batches ==
          std::vector<texts>{{"1", "2", "3", "4"}, {"5", "6", "7", "8"}, {"9", "10", "11", "12"}});
  });
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, input, [](const auto& s) {
      return s.transform([](const batch<std::int64_t>& b, batch_time t) {
        return b.filter([t](std::int64_t x) { return x * 1000 > t.ms() * 2; });
      });
    });
    CHECK(out.batches ==
          std::vector<std::vector<std::int64_t>>{{3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}});
  });
}

namespace {
/// Runs the job and returns the error that it reports.
template <class Build>
std::string failure_of(engine& on, std::size_t n, Build build) {
  try {
    run_job(on, n, build);
  } catch (const stream_error& e) {
    return e.what();
  }
  return "no error";
}
} // namespace

TEST_CASE("transform that returns nothing, and transforms of streams without a batch") {
  using longs = std::vector<std::int64_t>;
  on_all_engines([](engine& on) {
    auto text = failure_of(on, 1, [](basic_stream_context& context) {
      return test_input(context, test_batches<std::int64_t>{longs{1, 2, 3, 4}})
          .transform(
              [](const batch<std::int64_t>&) { return std::optional<batch<std::int64_t>>{}; });
    });
    CHECK(text.find("Transform function must not return null") != std::string::npos);
  });
  on_all_engines([](engine& on) {
    auto text = failure_of(on, 3, [](basic_stream_context& context) {
      return test_input(context, test_batches<std::int64_t>{longs{1, 2, 3, 4}, longs{5, 6, 7, 8},
                                                            std::nullopt})
          .transform([](const batch<std::int64_t>& b) { return b; });
    });
    CHECK(text.find("Couldn't generate a batch from a parent of it at time 3000 ms") !=
          std::string::npos);
  });
  // Spark's has both fourth batches missing.
  for (bool both : {true, false})
    on_all_engines([both](engine& on) {
      auto text = failure_of(on, 4, [both](basic_stream_context& context) {
        test_batches<std::string> l{texts{"a", "b"}, texts{"a", ""}, texts{""}, texts{}};
        test_batches<std::string> r{texts{"a", "b"}, texts{"b", ""}, texts{}, std::nullopt};
        if (both)
          l.back() = std::nullopt;
        return test_input(context, l)
            .transform_with(test_input(context, r),
                            [](const batch<std::string>& a, const batch<std::string>& b) {
                              return a.union_with(b);
                            });
      });
      CHECK(text.find("transform_with at") != std::string::npos);
      CHECK(text.find("at time 4000 ms") != std::string::npos);
    });
  on_all_engines([](engine& on) {
    auto text = failure_of(on, 4, [](basic_stream_context& context) {
      auto s = test_input(context,
                          test_batches<std::int64_t>{longs{1, 2, 3, 4}, longs{101, 102, 103, 104},
                                                     longs{201, 202, 203, 204}, std::nullopt});
      auto plus = [](std::int64_t n) { return [n](std::int64_t x) { return x + n; }; };
      return context.transform(std::vector{s, s.map(plus(4)), s.map(plus(8))},
                               [](const std::vector<batch<std::int64_t>>& all, batch_time) {
                                 return all[0].union_with(all[1]).union_with(all[2]);
                               });
    });
    CHECK(text.find("Couldn't generate a batch from a parent of it at time 4000 ms") !=
          std::string::npos);
  });
}

TEST_CASE("transform_with") {
  check_join<int, std::string>(
      {{{"a", {1, "x"}}, {"b", {1, "x"}}}, {{"", {1, "x"}}}, {}, {}}, [](auto a, auto b) {
        return a.transform_with(
            b, [](const batch<left>& l, const batch<right>& r) { return l.join(r); });
      });
}

TEST_CASE("transform of many streams by the context") {
  using longs = std::vector<std::int64_t>;
  const test_batches<std::int64_t> input{longs{1, 2, 3, 4}, longs{101, 102, 103, 104},
                                         longs{201, 202, 203, 204}};
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 3, [&](basic_stream_context& context) {
      auto s = test_input(context, input);
      auto plus = [](std::int64_t n) { return [n](std::int64_t x) { return x + n; }; };
      return context.transform(std::vector{s, s.map(plus(4)), s.map(plus(8))},
                               [](const std::vector<batch<std::int64_t>>& all, batch_time) {
                                 return all[0].union_with(all[1]).union_with(all[2]);
                               });
    });
    for (std::int64_t b = 0; b < 3; ++b) {
      longs expected(12);
      std::iota(expected.begin(), expected.end(), 100 * b + 1);
      CHECK(out.batches[static_cast<std::size_t>(b)] == expected);
    }
  });
}

TEST_CASE("joins with a static batch") {
  const batch<std::pair<std::string, std::int64_t>> prices{{"a", 10}, {"a", 11}, {"c", 30}};
  check_join<int, std::int64_t>(
      {{{"a", {1, 10}}, {"a", {1, 11}}}, {{"a", {1, 10}}, {"a", {1, 11}}}, {}, {}},
      [&](auto a, auto) { return a.join(prices); });
  using maybe = std::optional<std::int64_t>;
  check_join<int, maybe>({{{"a", {1, 10}}, {"a", {1, 11}}, {"b", {1, std::nullopt}}},
                          {{"a", {1, 10}}, {"a", {1, 11}}, {"", {1, std::nullopt}}},
                          {{"", {1, std::nullopt}}},
                          {}},
                         [&](auto a, auto) { return a.left_outer_join(prices); });
}

TEST_CASE("windowed join") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      return lefts(context, left_words)
          .window(seconds(2))
          .join(rights(context, right_words).window(seconds(2)));
    });
    using record = joined<int, std::string>;
    CHECK(as_sets(out.batches) ==
          std::vector<std::multiset<record>>{
              {{"a", {1, "x"}}, {"b", {1, "x"}}},
              {{"a", {1, "x"}}, {"a", {1, "x"}}, {"b", {1, "x"}}, {"b", {1, "x"}}, {"", {1, "x"}}},
              {{"", {1, "x"}}, {"", {1, "x"}}}});
  });
}

TEST_CASE("streams of two contexts are not joined") {
  for (auto& make_other : all_engines())
    on_all_engines([&](engine& one) {
      auto other = make_other();
      auto context = one.make_context(test_configuration(), seconds(1));
      auto stranger = other->make_context(test_configuration(), seconds(1));
      auto ours = lefts(*context, left_words);
      auto theirs = rights(*stranger, right_words);
      auto refuses = [](const char* operation, auto call) {
        const std::string where = std::string{operation} + " at spark_two_streams_test.cpp:";
        CHECK_THROWS_WITH_AS(call(), doctest::Contains("different contexts"), stream_error);
        CHECK_THROWS_WITH_AS(call(), doctest::Contains(where.c_str()), stream_error);
      };
      refuses("join", [&] { ours.join(theirs); });
      refuses("full_outer_join", [&] { ours.full_outer_join(theirs); });
      refuses("cogroup", [&] { ours.cogroup(theirs); });
      auto swallow = [](const batch<left>& a, const batch<right>&) { return a; };
      refuses("transform_with", [&] { ours.transform_with(theirs, swallow); });
      const auto stamped = [](const auto& s) {
        return s.assign_timestamps([](const auto&) { return batch_time{1}; }, seconds(1));
      };
      refuses("interval_join",
              [&] { stamped(ours).interval_join(stamped(theirs), duration{0}, seconds(1)); });
      using batches = std::vector<batch<right>>;
      const auto first = [](const batches& all, batch_time) { return all.front(); };
      const auto ours_too = rights(*context, right_words);
      refuses("transform", [&] { context->transform(std::vector{ours_too, theirs}, first); });
      CHECK_THROWS_WITH_AS(context->transform(std::vector{theirs, theirs}, first),
                           doctest::Contains("have another context than the one"), stream_error);
    });
}
