#include "millrace/chunk/batch.hpp"
#include "support/seed.hpp"

#include <atomic>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
using pair = std::pair<std::string, int>;

/// Runs every partition on a thread of its own.
class threaded_executor final : public parallel_executor {
public:
  void run_all(std::size_t n, const std::function<void(std::size_t)>& body) override {
    std::vector<std::exception_ptr> thrown(n);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < n; ++i)
        threads.emplace_back([&, i] {
          try {
            body(i);
          } catch (...) {
            thrown[i] = std::current_exception();
          }
        });
    }
    for (auto& e : thrown)
      if (e)
        std::rethrow_exception(e);
  }
  std::size_t width() const override { return 4; }
};

template <class T>
batch<T> parallel(const batch<T>& from) {
  typename batch<T>::partition_list parts;
  for (std::size_t i = 0; i < from.partitions(); ++i)
    parts.push_back(from.partition(i));
  return batch<T>{std::move(parts), std::make_shared<threaded_executor>()};
}

template <class T>
std::multiset<T> as_set(const batch<T>& b) {
  auto all = b.collect();
  return {all.begin(), all.end()};
}

std::vector<pair> random_pairs(std::mt19937_64& random, std::size_t n) {
  std::vector<pair> out;
  for (std::size_t i = 0; i < n; ++i)
    out.emplace_back("key number " + std::to_string(random() % 50),
                     static_cast<int>(random() % 1000));
  return out;
}

} // namespace

TEST_CASE("records are divided in order into nearly equal partitions") {
  batch<int> b{ints{1, 2, 3, 4, 5, 6, 7}, 3};
  CHECK(b.partitions() == 3);
  CHECK(b.size() == 7);
  CHECK(b.collect() == ints{1, 2, 3, 4, 5, 6, 7});
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(b.partition(i).size() >= 2);
  batch<int> few{ints{1}, 4};
  CHECK(few.partitions() == 4);
  CHECK(few.collect() == ints{1});
  CHECK_THROWS_AS((batch<int>{ints{1}, 0}), stream_error);
}

TEST_CASE("the default batch has one empty partition; lists of records have one partition") {
  CHECK(batch<int>{}.partitions() == 1);
  CHECK(batch<int>{}.empty());
  batch<std::string> words{"a", "b"};
  CHECK(words.partitions() == 1);
  CHECK(words.size() == 2);
}

TEST_CASE("take, over partition boundaries") {
  batch<int> b{{{1, 2}, {}, {3}, {4, 5}}};
  CHECK(b.take(0).empty());
  CHECK(b.take(3) == ints{1, 2, 3});
  CHECK(b.take(100) == ints{1, 2, 3, 4, 5});
}

TEST_CASE("map, filter, union_with and for_each keep order and partitions") {
  batch<int> b{{{1, 2}, {}, {3, 4}}};
  for (auto& in : {b, parallel(b)}) {
    auto squares = in.map([](int x) { return std::to_string(x * x); });
    CHECK(squares.partitions() == 3);
    CHECK(squares.collect() == std::vector<std::string>{"1", "4", "9", "16"});
    auto odd = in.filter([](int x) { return x % 2 == 1; });
    CHECK(odd.partition(2) == ints{3});
    CHECK(odd.collect() == ints{1, 3});
    CHECK(in.union_with(odd).collect() == ints{1, 2, 3, 4, 1, 3});
    CHECK(in.union_with(odd).partitions() == 6);
    std::atomic<int> sum = 0;
    in.for_each([&](int x) { sum += x; });
    CHECK(sum == 10);
  }
  CHECK(b.collect() == ints{1, 2, 3, 4});
}

TEST_CASE("reduce combines partitions in order; nothing from nothing") {
  batch<std::string> b{batch<std::string>::partition_list{{"a", "b"}, {}, {"c"}}};
  auto join = [](const std::string& x, const std::string& y) { return x + y; };
  CHECK(b.reduce(join) == "abc");
  CHECK(parallel(b).reduce(join) == "abc");
  CHECK_FALSE(batch<std::string>{}.reduce(join));
  auto larger = [](const std::string& x, const std::string& y) -> const std::string& {
    return std::max(x, y);
  };
  CHECK(b.reduce(larger) == "c");
}

TEST_CASE("reduce_by_key and distinct equal their plain counterparts") {
  std::mt19937_64 random{seed()};
  for (std::size_t n : {0U, 1U, 10U, 5000U})
    for (std::size_t partitions : {1U, 2U, 7U}) {
      auto records = random_pairs(random, n);
      batch<pair> b{records, partitions};
      std::map<std::string, int> sums;
      for (auto& [k, v] : records)
        sums[k] += v;
      for (auto& in : {b, parallel(b)}) {
        auto reduced = in.reduce_by_key(std::plus<int>{});
        CHECK(reduced.partitions() == partitions);
        CHECK(as_set(reduced) == std::multiset<pair>(sums.begin(), sums.end()));
        std::set<pair> different(records.begin(), records.end());
        CHECK(as_set(in.distinct()) == std::multiset<pair>(different.begin(), different.end()));
      }
    }
}

TEST_CASE("sort_by sorts over all partitions and keeps the order of equals") {
  std::mt19937_64 random{seed()};
  for (std::size_t n : {0U, 1U, 3U, 2000U}) {
    auto records = random_pairs(random, n);
    batch<pair> b{records, 4};
    for (bool ascending : {true, false}) {
      auto expected = records;
      std::ranges::stable_sort(expected, [&](auto& x, auto& y) {
        return ascending ? x.first < y.first : y.first < x.first;
      });
      auto sorted = parallel(b).sort_by(&pair::first, ascending);
      CHECK(sorted.collect() == expected);
      CHECK(sorted.partitions() == 4);
    }
  }
}

TEST_CASE("a batch without any partition, as an input without blocks gives, works too") {
  batch<pair> none{batch<pair>::partition_list{}};
  CHECK(none.partitions() == 0);
  CHECK(none.empty());
  CHECK(none.take(10).empty());
  CHECK(none.map([](const pair& p) { return p.second; }).empty());
  CHECK(none.filter([](const pair&) { return true; }).empty());
  CHECK_FALSE(none.reduce([](const pair& a, const pair&) { return a; }));
  CHECK(none.reduce_by_key(std::plus<int>{}).empty());
  CHECK(none.sort_by(&pair::second, false).empty());
  CHECK(none.distinct().empty());
  CHECK(none.union_with(batch<pair>{{"a", 1}}).size() == 1);
}

TEST_CASE("what a user's function throws comes out, and the batch stays as it was") {
  batch<int> b{ints{1, 2, 3, 4}, 2};
  auto thrower = [](int x) -> int {
    if (x >= 2)
      throw std::runtime_error(std::to_string(x));
    return x;
  };
  CHECK_THROWS_WITH_AS(b.map(thrower), "2", std::runtime_error);
  CHECK_THROWS_WITH_AS(parallel(b).for_each(thrower), "2", std::runtime_error);
  CHECK(b.collect() == ints{1, 2, 3, 4});
}

TEST_CASE("operations of a result run on the same executor") {
  auto executor = std::make_shared<threaded_executor>();
  batch<int> b{batch<int>::partition_list{{1}, {2}}, executor};
  CHECK(b.map([](int x) { return x; }).executor() == executor);
  CHECK(b.sort_by([](int x) { return -x; }).executor() == executor);
  CHECK(b.distinct().executor() == executor);
}
