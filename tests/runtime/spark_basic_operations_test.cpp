#include "runtime/engines.hpp"

#include <map>
#include <numeric>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using longs = std::vector<std::int64_t>;
using texts = std::vector<std::string>;
using counted = std::pair<std::string, std::int64_t>;

const test_batches<std::int64_t> three{longs{1, 2, 3, 4}, longs{5, 6, 7, 8}, longs{9, 10, 11, 12}};
const test_batches<std::string> words_of_three{texts{"a", "a", "b"}, texts{"", ""}, texts{}};

longs range(std::int64_t from, std::int64_t to) {
  longs out(static_cast<std::size_t>(to - from + 1));
  std::iota(out.begin(), out.end(), from);
  return out;
}

auto with_one(const dstream<std::string>& s) {
  return s.map([](std::string w) { return counted{std::move(w), 1}; });
}

std::vector<std::multiset<counted>> counts(std::initializer_list<std::multiset<counted>> batches) {
  return batches;
}

/// The words of W3 with their counts, through `op`.
template <class Op>
auto counted_words(engine& on, Op op) {
  return as_sets(run_operation(on, words_of_three, [&](const dstream<std::string>& s) {
                   return op(with_one(s).reduce_by_key(std::plus<std::int64_t>{}));
                 }).batches);
}

} // namespace

TEST_CASE("map") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) {
      return s.map([](std::int64_t x) { return std::to_string(x); });
    });
    CHECK(out.batches ==
          std::vector<texts>{{"1", "2", "3", "4"}, {"5", "6", "7", "8"}, {"9", "10", "11", "12"}});
  });
}

TEST_CASE("flat_map, with a range and with an emitter") {
  const std::vector<longs> expected{
      {1, 2, 2, 4, 3, 6, 4, 8}, {5, 10, 6, 12, 7, 14, 8, 16}, {9, 18, 10, 20, 11, 22, 12, 24}};
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) {
      return s.flat_map([](std::int64_t x) { return longs{x, 2 * x}; });
    });
    CHECK(out.batches == expected);
  });
  on_all_engines([&](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) {
      return s.flat_map<std::int64_t>([](std::int64_t x, emitter<std::int64_t>& emit) {
        emit(x);
        emit(2 * x);
      });
    });
    CHECK(out.batches == expected);
  });
}

TEST_CASE("filter") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) {
      return s.filter([](std::int64_t x) { return x % 2 == 0; });
    });
    CHECK(out.batches == std::vector<longs>{{2, 4}, {6, 8}, {10, 12}});
  });
}

TEST_CASE("glom") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) { return s.glom(); });
    CHECK(out.batches ==
          std::vector<std::vector<longs>>{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}, {{9, 10}, {11, 12}}});
  });
}

TEST_CASE("map_partitions") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) {
      return s.map_partitions(
          [](longs& part) { return longs{std::accumulate(part.begin(), part.end(), 0L)}; });
    });
    CHECK(out.batches == std::vector<longs>{{3, 7}, {11, 15}, {19, 23}});
  });
}

// A promise that does not hold shows that it is relied upon: keys stay where they are.
TEST_CASE("map_partitions: a stream whose partitioning is preserved is not moved again") {
  using pair = std::pair<std::int64_t, std::int64_t>;
  auto records = [](engine& on, bool promised) {
    auto out = run_job(on, 1, [&](basic_stream_context& context) {
      return test_input(context, test_batches<std::int64_t>{range(1, 100)})
          .map([](std::int64_t x) {
            return pair{x, 1};
          })
          .partition_by(4U)
          .map_partitions(
              [](std::vector<pair>& part) {
                for (auto& record : part)
                  record.first = 0;
                return std::move(part);
              },
              promised)
          .reduce_by_key(std::plus{}, 4U);
    });
    std::int64_t sum = 0;
    for (auto& record : out.batches.at(0))
      sum += record.second;
    CHECK(sum == 100);
    return out.batches.at(0).size();
  };
  on_all_engines([&](engine& on) { CHECK(records(on, false) == 1); });
  on_all_engines([&](engine& on) { CHECK(records(on, true) == 4); });
}

TEST_CASE("repartition to more and to fewer partitions") {
  const test_batches<std::int64_t> hundreds{range(1, 100), range(101, 200), range(201, 300)};
  for (auto [from, to] : {std::pair{2U, 5U}, std::pair{5U, 2U}})
    on_all_engines([&, from = from, to = to](engine& on) {
      auto out = run_job(on, 3, [&](basic_stream_context& context) {
        return test_input(context, hundreds, from).repartition(to);
      });
      REQUIRE(out.partitions.size() == 3);
      for (std::size_t b = 0; b < 3; ++b) {
        CHECK(out.partitions[b].size() == to);
        auto all = out.batches[b];
        std::ranges::sort(all);
        CHECK(all == *hundreds[b]);
        for (auto& p : out.partitions[b])
          CHECK(p.size() >= 100 / to - from);
      }
    });
}

TEST_CASE("group_by_key") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, words_of_three, [](const dstream<std::string>& s) {
      return with_one(s).group_by_key();
    });
    using group = std::pair<std::string, longs>;
    CHECK(as_sets(out.batches) ==
          std::vector<std::multiset<group>>{{{"a", {1, 1}}, {"b", {1}}}, {{"", {1, 1}}}, {}});
  });
}

TEST_CASE("reduce_by_key") {
  on_all_engines([](engine& on) {
    CHECK(counted_words(on, [](auto s) { return s; }) ==
          counts({{{"a", 2}, {"b", 1}}, {{"", 2}}, {}}));
  });
}

TEST_CASE("reduce") {
  on_all_engines([](engine& on) {
    auto out = run_operation(on, three, [](const dstream<std::int64_t>& s) {
      return s.reduce(std::plus<std::int64_t>{});
    });
    CHECK(out.batches == std::vector<longs>{{10}, {26}, {42}});
  });
}

TEST_CASE("reduce of an empty batch is empty") {
  on_all_engines([](engine& on) {
    auto out = run_operation(
        on, test_batches<std::int64_t>{longs{}, longs{7}, longs{}},
        [](const dstream<std::int64_t>& s) { return s.reduce(std::plus<std::int64_t>{}); });
    CHECK(out.batches == std::vector<longs>{{}, {7}, {}});
  });
}

TEST_CASE("count") {
  on_all_engines([](engine& on) {
    auto out = run_operation(
        on, test_batches<std::int64_t>{longs{}, longs{1}, range(1, 2), range(1, 3), range(1, 4)},
        [](const dstream<std::int64_t>& s) { return s.count(); });
    CHECK(out.batches == std::vector<longs>{{0}, {1}, {2}, {3}, {4}});
  });
}

TEST_CASE("count_by_value") {
  using value = std::pair<std::int64_t, std::int64_t>;
  for (std::uint32_t partitions : {0U, 1U, 3U})
    on_all_engines([&](engine& on) {
      auto out = run_operation(
          on, test_batches<std::int64_t>{longs{1}, longs{1, 1, 1}, longs{1, 2}, longs{1, 1, 2, 2}},
          [&](const dstream<std::int64_t>& s) { return s.count_by_value(partitions); });
      CHECK(as_sets(out.batches) == std::vector<std::multiset<value>>{
                                        {{1, 1}}, {{1, 3}}, {{1, 1}, {2, 1}}, {{2, 2}, {1, 2}}});
      CHECK(out.partitions.front().size() == (partitions == 0 ? 2 : partitions));
    });
}

TEST_CASE("map_values") {
  on_all_engines([](engine& on) {
    CHECK(counted_words(on, [](auto s) {
            return s.map_values([](std::int64_t v) { return v + 10; });
          }) == counts({{{"a", 12}, {"b", 11}}, {{"", 12}}, {}}));
  });
}

TEST_CASE("flat_map_values") {
  on_all_engines([](engine& on) {
    CHECK(counted_words(on, [](auto s) {
            return s.flat_map_values([](std::int64_t v) { return longs{v, v + 10}; });
          }) == counts({{{"a", 2}, {"a", 12}, {"b", 1}, {"b", 11}}, {{"", 2}, {"", 12}}, {}}));
  });
}

TEST_CASE("flat_map_values copies from a range that the function does not own") {
  on_all_engines([](engine& on) {
    auto lasting = std::make_shared<texts>(texts{"a string too long for the short form", "b"});
    auto out = run_operation(on, words_of_three, [&](const dstream<std::string>& s) {
      return with_one(s).flat_map_values([lasting](std::int64_t) -> texts& { return *lasting; });
    });
    CHECK(out.batches[0].size() == 6);
    for (std::size_t i = 0; i < 6; ++i)
      CHECK(out.batches[0][i].second == (*lasting)[i % 2]);
    CHECK((*lasting)[0] == "a string too long for the short form");
  });
}

namespace {

const test_batches<std::int64_t> to_unite{range(1, 4), range(101, 104), range(201, 204)};

auto plus(std::int64_t n) {
  return [n](std::int64_t x) { return x + n; };
}

} // namespace

TEST_CASE("union") {
  on_all_engines([](engine& on) {
    auto out = run_operation(
        on, to_unite, [](const dstream<std::int64_t>& s) { return s.union_with(s.map(plus(4))); });
    CHECK(out.batches == std::vector<longs>{range(1, 8), range(101, 108), range(201, 208)});
  });
}

TEST_CASE("union with an input stream that has no batch fails, naming the union") {
  on_all_engines([](engine& on) {
    auto input = to_unite;
    input.push_back(std::nullopt);
    try {
      run_operation(on, input,
                    [](const dstream<std::int64_t>& s) { return s.union_with(s.map(plus(4))); });
      FAIL("no error");
    } catch (const stream_error& e) {
      CAPTURE(e.what());
      CHECK(std::string(e.what()).find("for unifying at time 4000 ms") != std::string::npos);
      CHECK(std::string(e.what()).find("union at spark_basic_operations_test.cpp:") !=
            std::string::npos);
    }
  });
}

TEST_CASE("union of all streams by the context") {
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      auto s = test_input(context, to_unite);
      return context.union_of<std::int64_t>({s, s.map(plus(4)), s.map(plus(8))});
    });
    CHECK(out.batches == std::vector<longs>{range(1, 12), range(101, 112), range(201, 212)});
  });
}

TEST_CASE("union of a stream with itself, and of two inputs") {
  on_all_engines([](engine& on) {
    auto out =
        run_operation(on, to_unite, [](const dstream<std::int64_t>& s) { return s.union_with(s); });
    CHECK(out.batches[0] == longs{1, 2, 3, 4, 1, 2, 3, 4});
    CHECK(out.partitions[0].size() == 4);
  });
  on_all_engines([](engine& on) {
    auto out = run_job(on, 3, [](basic_stream_context& context) {
      auto right = test_input(context, three);
      return test_input(context, to_unite).union_with(right);
    });
    CHECK(out.batches[2] == longs{201, 202, 203, 204, 9, 10, 11, 12});
  });
}

TEST_CASE("the context refuses unions of nothing and of streams of another context") {
  for (auto& make_other : all_engines())
    on_all_engines([&](engine& one) {
      auto other = make_other();
      auto context = one.make_context(test_configuration(), seconds(1));
      auto stranger = other->make_context(test_configuration(), seconds(1));
      CHECK_THROWS_WITH_AS(context->union_of<std::int64_t>({}),
                           doctest::Contains("List of DStreams to union is empty"), stream_error);
      auto ours = test_input(*context, three);
      auto theirs = test_input(*stranger, three);
      CHECK_THROWS_WITH_AS(ours.union_with(theirs), doctest::Contains("different contexts"),
                           stream_error);
      CHECK_THROWS_WITH_AS(context->union_of<std::int64_t>({theirs, theirs}),
                           doctest::Contains("have another context than the one"), stream_error);
      CHECK_THROWS_WITH_AS(context->union_of<std::int64_t>({ours, theirs}),
                           doctest::Contains("union at spark_basic_operations_test.cpp:"),
                           stream_error);
    });
}

TEST_CASE("a stream that has no batch at a time gives no output at that time") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    collector<std::int64_t> out;
    test_input(*context, test_batches<std::int64_t>{longs{1}, std::nullopt, longs{2, 3}})
        .count()
        .collect_into(out);
    context->start();
    on.advance(seconds(3));
    CHECK(wait_until([&] { return out.size() == 2; }));
    context->stop();
    CHECK(out.times() == std::vector{batch_time{1000}, batch_time{3000}});
    CHECK(out.batches() == std::vector<longs>{{1}, {2}});
  });
}
