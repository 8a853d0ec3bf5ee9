#include "runtime/engines.hpp"

#include <map>
#include <string>
#include <string_view>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<std::int64_t, std::int64_t>;
using pairs = std::vector<pair>;

pairs numbered(std::int64_t n, std::int64_t keys) {
  pairs out;
  for (std::int64_t i = 0; i < n; ++i)
    out.emplace_back(i % keys, i);
  return out;
}

std::map<std::int64_t, std::int64_t> sums(const pairs& in) {
  std::map<std::int64_t, std::int64_t> out;
  for (auto& [k, v] : in)
    out[k] += v;
  return out;
}

const test_batches<pair> batches{numbered(5000, 37), pairs{}, numbered(10, 10)};

template <class Op>
auto run_pairs(engine& on, Op op) {
  return run_operation(on, batches, op);
}

std::string error_of(engine& on, std::uint32_t partitions, std::int64_t index) {
  try {
    run_pairs(on, [&](const dstream<pair>& s) {
      return s.partition_by(partition_with(partitions, [index](std::int64_t) { return index; }));
    });
  } catch (const stream_error& e) {
    return e.what();
  }
  return {};
}

} // namespace

TEST_CASE("partition_by keeps every pair and brings equal keys together") {
  on_all_engines([](engine& on) {
    auto out = run_pairs(on, [](const dstream<pair>& s) { return s.partition_by(4); });
    for (std::size_t b = 0; b < batches.size(); ++b) {
      CHECK(out.partitions[b].size() == 4);
      CHECK(as_sets(out.batches)[b] == as_sets<pair>({*batches[b]})[0]);
      std::map<std::int64_t, std::size_t> home;
      for (std::size_t p = 0; p < 4; ++p)
        for (auto& [k, v] : out.partitions[b][p])
          CHECK(home.try_emplace(k, p).first->second == p);
    }
  });
}

TEST_CASE("partition_by with a partitioner of one's own puts each key where it says") {
  on_all_engines([](engine& on) {
    auto out = run_pairs(on, [](const dstream<pair>& s) {
      return s.partition_by(partition_with(3, [](std::int64_t k) { return k % 3; }));
    });
    for (auto& parts : out.partitions)
      for (std::size_t p = 0; p < parts.size(); ++p)
        for (auto& [k, v] : parts[p])
          CHECK(k % 3 == static_cast<std::int64_t>(p));
  });
}

TEST_CASE("an index outside the partitions fails the batch, naming what is allowed") {
  on_all_engines([](engine& on) {
    auto e = error_of(on, 3, 3);
    CAPTURE(e);
    CHECK(e.find("the partitioner returned 3; allowed are 0 to 2") != std::string::npos);
    CHECK(e.find("partition_by at keyed_operations_test.cpp:") != std::string::npos);
  });
  on_all_engines(
      [](engine& on) { CHECK(error_of(on, 3, -1).find("returned -1") != std::string::npos); });
  on_all_engines([](engine& on) {
    CHECK(error_of(on, 1, 1).find("allowed are 0 to 0") != std::string::npos);
  });
}

TEST_CASE("reduce_by_key with a partitioner checks its index, with one partition too") {
  for (std::uint32_t n : {1U, 2U})
    on_all_engines([&](engine& on) {
      CHECK_THROWS_WITH_AS(run_pairs(on,
                                     [&](const dstream<pair>& s) {
                                       return s.reduce_by_key(
                                           std::plus<std::int64_t>{},
                                           partition_with(n, [](std::int64_t) { return 9; }));
                                     }),
                           doctest::Contains("the partitioner returned 9"), stream_error);
    });
}

TEST_CASE("reduce_by_key with a partitioner") {
  on_all_engines([](engine& on) {
    auto out = run_pairs(on, [](const dstream<pair>& s) {
      return s.reduce_by_key(std::plus<std::int64_t>{},
                             partition_with(5, [](std::int64_t k) { return k % 5; }));
    });
    for (std::size_t b = 0; b < batches.size(); ++b) {
      CHECK(std::map(out.batches[b].begin(), out.batches[b].end()) == sums(*batches[b]));
      for (std::size_t p = 0; p < 5; ++p)
        for (auto& [k, v] : out.partitions[b][p])
          CHECK(k % 5 == static_cast<std::int64_t>(p));
    }
  });
}

TEST_CASE("combine_by_key gives the same with and without map-side combining") {
  using mean = std::pair<std::int64_t, std::int64_t>; // sum, count
  auto create = [](std::int64_t v) { return mean{v, 1}; };
  auto merge_value = [](mean c, std::int64_t v) { return mean{c.first + v, c.second + 1}; };
  auto merge = [](mean a, const mean& b) { return mean{a.first + b.first, a.second + b.second}; };
  for (bool map_side : {true, false})
    for (std::uint32_t n : {0U, 1U, 50U})
      on_all_engines([&](engine& on) {
        auto out = run_pairs(on, [&](const dstream<pair>& s) {
          return s.combine_by_key(create, merge_value, merge, n, map_side);
        });
        for (std::size_t b = 0; b < batches.size(); ++b) {
          std::map<std::int64_t, mean> expected;
          for (auto& [k, v] : *batches[b])
            expected[k] = mean{expected[k].first + v, expected[k].second + 1};
          CHECK(std::map(out.batches[b].begin(), out.batches[b].end()) == expected);
          CHECK(out.partitions[b].size() == (n == 0 ? 2 : n));
        }
      });
}

TEST_CASE("combine_by_key with a partitioner") {
  on_all_engines([](engine& on) {
    auto keep = [](std::int64_t v) { return v; };
    auto out = run_pairs(on, [&](const dstream<pair>& s) {
      return s.combine_by_key(keep, std::plus<std::int64_t>{}, std::plus<std::int64_t>{},
                              partition_with(2, [](std::int64_t k) { return k % 2; }));
    });
    CHECK(std::map(out.batches[0].begin(), out.batches[0].end()) == sums(*batches[0]));
    for (auto& [k, v] : out.partitions[0][1])
      CHECK(k % 2 == 1);
  });
}

TEST_CASE("group_by_key with a partitioner keeps all values") {
  on_all_engines([](engine& on) {
    auto out = run_pairs(on, [](const dstream<pair>& s) {
      return s.group_by_key(partition_with(2, [](std::int64_t k) { return k % 2; }));
    });
    std::map<std::int64_t, std::multiset<std::int64_t>> expected;
    for (auto& [k, v] : *batches[0])
      expected[k].insert(v);
    std::map<std::int64_t, std::multiset<std::int64_t>> got;
    for (auto& [k, vs] : out.batches[0])
      got[k].insert(vs.begin(), vs.end());
    CHECK(got == expected);
  });
}

TEST_CASE("views survive two shuffles and come out as owned strings") {
  using entry = std::pair<std::string, std::string>;
  std::vector<std::string_view> lines{"a banana is a fruit that is longer than the short form",
                                      "a fruit", ""};
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 2, [&](basic_stream_context& context) {
      return test_input<std::string_view>(context, {lines, lines})
          .flat_map(split(' '))
          .map([](std::string_view w) {
            return std::pair{w, w};
          })
          .reduce_by_key([](std::string_view a, std::string_view b) { return std::max(a, b); }, 3)
          .map([](auto p) {
            return std::pair{p.second, p.first};
          })
          .partition_by(2);
    });
    std::multiset<entry> expected;
    for (auto* w :
         {"a", "banana", "is", "fruit", "that", "longer", "than", "the", "short", "form", ""})
      expected.insert({w, w});
    CHECK(as_sets(out.batches) == std::vector{expected, expected});
  });
}

TEST_CASE("word count of views") {
  std::vector<std::string_view> lines{"to be or not to be", "to see"};
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 1, [&](basic_stream_context& context) {
      return test_input<std::string_view>(context, {lines})
          .flat_map(words())
          .map([](auto w) {
            return std::pair{w, 1L};
          })
          .reduce_by_key(std::plus{});
    });
    CHECK(std::map(out.batches[0].begin(), out.batches[0].end()) ==
          std::map<std::string, long>{{"to", 3}, {"be", 2}, {"or", 1}, {"not", 1}, {"see", 1}});
  });
}

TEST_CASE("partition counts are checked when the operation is written") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(test_configuration(), seconds(1));
    auto s = test_input(*context, batches);
    CHECK_THROWS_WITH_AS(s.repartition(0),
                         doctest::Contains("repartition at keyed_operations_test.cpp"),
                         stream_error);
    CHECK_THROWS_WITH_AS(s.repartition(70000), doctest::Contains("at most 65536"), stream_error);
    CHECK_THROWS_WITH_AS(s.group_by_key(70000), doctest::Contains("group_by_key"), stream_error);
    CHECK_THROWS_WITH_AS(s.partition_by(partition_with(0, [](std::int64_t) { return 0; })),
                         doctest::Contains("0 partitions"), stream_error);
  });
}
