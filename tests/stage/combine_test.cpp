#include "millrace/stage/combine.hpp"
#include "millrace/stage/group.hpp"
#include "stage/exchange_harness.hpp"
#include "support/seed.hpp"

#include <map>
#include <random>
#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<std::int64_t, std::int64_t>;
using view_pair = std::pair<std::string_view, std::int64_t>;

template <class V>
auto summing() {
  auto add = [](V& a, const V& b) { a += b; };
  return aggregator{[](V&& v) { return v; }, add, add};
}
template <class V>
using summing_t = decltype(summing<V>());

template <class K, class P = hash_partitioner>
auto writer(std::uint32_t targets) {
  return combine_writer<K, std::int64_t, std::int64_t, summing_t<std::int64_t>, P>{
      exchange_who, summing<std::int64_t>(), P{targets}};
}

template <class K>
auto reader(consumer<std::pair<K, std::int64_t>>& down) {
  return combine_reader<K, std::int64_t, summing_t<std::int64_t>>{exchange_who, down,
                                                                  summing<std::int64_t>()};
}

std::vector<std::vector<pair>> random_partitions(std::mt19937_64& random, std::size_t n,
                                                 std::int64_t keys) {
  std::vector<std::vector<pair>> out(n);
  for (auto& p : out)
    for (std::size_t i = random() % 3000; i > 0; --i)
      p.emplace_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(keys)), i);
  return out;
}

} // namespace

TEST_CASE("combining equals a map, for any number of upstreams, targets and keys") {
  std::mt19937_64 random{seed()};
  for (std::uint32_t targets : {1U, 2U, 7U})
    for (std::size_t upstreams : {1U, 2U, 3U})
      for (std::int64_t keys : {1L, 50L, 100'000L}) {
        std::map<std::int64_t, std::int64_t> expected;
        std::vector<std::vector<payload_ptr>> sent;
        auto w = writer<std::int64_t>(targets);
        for (std::size_t u = 0; u < upstreams; ++u) {
          auto partitions = random_partitions(random, 1 + u, keys);
          for (auto& p : partitions)
            for (auto& [k, v] : p)
              expected[k] += v;
          sent.push_back(write_all<pair>(w, partitions, context_at(1000), 1 + random() % 5000));
          CHECK(sent.back().size() == targets);
        }
        recording_consumer<pair> down;
        auto r = reader<std::int64_t>(down);
        std::map<std::int64_t, std::int64_t> got;
        std::size_t records = 0;
        for (std::uint32_t t = 0; t < targets; ++t) {
          for (auto& [k, v] : read_target(r, down, sent, t))
            got[k] += v;
          records += down.records.size();
          CHECK(down.calls == one_partition(t));
        }
        CHECK(got == expected);
        CHECK(records == expected.size());
      }
}

TEST_CASE("an empty batch still makes one payload per target and one partition per target") {
  auto w = writer<std::int64_t>(3);
  auto sent = write_all<pair>(w, {});
  CHECK(sent.size() == 3);
  recording_consumer<pair> down;
  auto r = reader<std::int64_t>(down);
  for (std::uint32_t t = 0; t < 3; ++t) {
    CHECK(sent[t]->records() == 0);
    CHECK(read_target(r, down, {sent, sent}, t).empty());
    CHECK(down.calls == one_partition(t));
  }
}

TEST_CASE("text keys are the payload's own: the input may go at once") {
  auto text = std::make_unique<std::string>("a key that is longer than the short form,b,a key");
  auto w = writer<std::string_view>(2);
  std::vector<payload_ptr> sent;
  {
    std::string_view all{*text};
    sent = write_all<view_pair>(
        w, {{{all.substr(0, 40), 1}, {all.substr(41, 1), 2}}, {{all.substr(0, 40), 5}}});
  }
  text.reset();
  auto empty = write_all<view_pair>(w, {{}});
  recording_consumer<view_pair> down;
  auto r = reader<std::string_view>(down);
  std::map<std::string, std::int64_t> got;
  for (std::uint32_t t = 0; t < 2; ++t)
    for (auto& [k, v] : read_target(r, down, {sent, empty}, t))
      got[std::string{k}] = v;
  CHECK(got == std::map<std::string, std::int64_t>{{"a key that is longer than the short form", 6},
                                                   {"b", 2}});
}

TEST_CASE("views in combiners are kept alive by the payload") {
  using text_pair = std::pair<int, std::string_view>;
  auto longer = [](std::string_view& a, const std::string_view& b) { a = std::max(a, b); };
  aggregator agg{[](std::string_view&& v) { return v; }, longer, longer};
  combine_writer<int, std::string_view, std::string_view, decltype(agg), hash_partitioner> w{
      exchange_who, agg, {1}};
  auto text = std::make_shared<const std::string>("a value that is longer than the short form");
  std::weak_ptr<const std::string> watch = text;
  auto context = context_at(1000, text);
  auto sent = write_all<text_pair>(w, {{{1, *text}, {1, "a"}}}, context);
  text.reset();
  context.inputs.reset();
  CHECK_FALSE(watch.expired());
  recording_consumer<text_pair> down;
  combine_reader<int, std::string_view, decltype(agg)> r{exchange_who, down, agg};
  CHECK(read_target(r, down, {sent}, 0) == std::vector<text_pair>{{1, *watch.lock()}});
  sent.clear();
  CHECK(watch.expired());
}

TEST_CASE("a writer that failed midway gives the right answer when it is run again") {
  using attempt_pair = std::pair<std::int64_t, std::int64_t>;
  int failures = 1;
  auto add = [&failures](std::int64_t& a, const std::int64_t& b) {
    if (b == 3 && failures-- > 0)
      throw std::runtime_error("once");
    a += b;
  };
  aggregator agg{[](std::int64_t&& v) { return v; }, add, add};
  combine_writer<std::int64_t, std::int64_t, std::int64_t, decltype(agg), hash_partitioner> w{
      exchange_who, agg, {1}};
  const std::vector<std::vector<attempt_pair>> input{{{1, 1}, {2, 2}, {1, 3}, {2, 4}}};
  CHECK_THROWS_WITH_AS(write_all<attempt_pair>(w, input),
                       doctest::Contains("reduce_by_key at job.cpp:7 threw: once"),
                       user_function_error);
  auto sent = write_all<attempt_pair>(w, input);
  recording_consumer<attempt_pair> down;
  combine_reader<std::int64_t, std::int64_t, decltype(agg)> r{exchange_who, down, agg};
  CHECK(read_target(r, down, {sent}, 0) == std::vector<attempt_pair>{{1, 4}, {2, 6}});
}

TEST_CASE("payloads are not consumed by reading: a failed read can be repeated") {
  auto w = writer<std::int64_t>(1);
  auto one = write_all<pair>(w, {{{1, 1}, {2, 2}}});
  auto two = write_all<pair>(w, {{{1, 10}}});
  recording_consumer<pair> down;
  auto r = reader<std::int64_t>(down);
  auto first = read_target(r, down, {one, two}, 0);
  CHECK(first == std::vector<pair>{{1, 11}, {2, 2}});
  CHECK(read_target(r, down, {one, two}, 0) == first);
  CHECK(read_target(r, down, {one, one}, 0) == std::vector<pair>{{1, 2}, {2, 4}});
}

TEST_CASE("grouping without map-side combining: whole records, in upstream order") {
  auto append = [](std::vector<std::int64_t>& c, std::int64_t v) { c.push_back(v); };
  auto concatenate = [](std::vector<std::int64_t>& c, const std::vector<std::int64_t>& o) {
    c.insert(c.end(), o.begin(), o.end());
  };
  aggregator agg{[](std::int64_t&& v) { return std::vector<std::int64_t>{v}; }, append,
                 concatenate};
  scatter_writer<std::string_view, std::int64_t, hash_partitioner> w{exchange_who, {1}};
  auto one = write_all<view_pair>(w, {{{"a", 1}, {"b", 2}}, {{"a", 3}}});
  auto two = write_all<view_pair>(w, {{{"a", 4}}});
  using group = std::pair<std::string_view, std::vector<std::int64_t>>;
  recording_consumer<group> down;
  group_reader<std::string_view, std::int64_t, std::vector<std::int64_t>, decltype(agg)> r{
      exchange_who, down, agg};
  const std::vector<group> expected{{"a", {1, 3, 4}}, {"b", {2}}};
  CHECK(read_target(r, down, {one, two}, 0) == expected);
  CHECK(read_target(r, down, {one, two}, 0) == expected);
  CHECK(down.calls == one_partition(0));
}
