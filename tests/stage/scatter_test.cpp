#include "millrace/stage/scatter.hpp"
#include "stage/exchange_harness.hpp"

#include <numeric>
#include <set>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<std::int64_t, std::int64_t>;

std::vector<std::int64_t> numbers(std::int64_t from, std::size_t n) {
  std::vector<std::int64_t> out(n);
  std::iota(out.begin(), out.end(), from);
  return out;
}

} // namespace

TEST_CASE("scattering brings equal keys to one target, in order, with their hashes") {
  scatter_writer<std::int64_t, std::int64_t, hash_partitioner> w{exchange_who, {4}};
  std::vector<pair> records;
  for (std::int64_t i = 0; i < 2000; ++i)
    records.emplace_back(i % 13, i);
  auto sent = write_all<pair>(w, {records});
  REQUIRE(sent.size() == 4);
  std::multiset<pair> all;
  std::set<std::int64_t> keys;
  for (auto& p : sent) {
    auto& part = static_cast<const records_payload<pair>&>(*p);
    CHECK(part.items.size() == part.hashes.size());
    std::set<std::int64_t> here;
    for (std::size_t i = 0; i < part.items.size(); ++i) {
      CHECK(part.hashes[i] == key_hash<std::int64_t>{}(part.items[i].first, hash_seed{11}));
      here.insert(part.items[i].first);
    }
    CHECK(std::ranges::is_sorted(part.items, {}, &pair::second));
    for (auto k : here)
      CHECK(keys.insert(k).second);
    all.insert(part.items.begin(), part.items.end());
  }
  CHECK(all == std::multiset<pair>(records.begin(), records.end()));
}

TEST_CASE("a partitioner's index is checked, and the exchange can be used again") {
  std::int64_t index = 5;
  auto p = partition_with(2, [&index](std::int64_t) { return index; });
  scatter_writer<std::int64_t, std::int64_t, decltype(p)> w{exchange_who, p};
  CHECK_THROWS_WITH_AS(write_all<pair>(w, {{{1, 1}}}),
                       "the function given to reduce_by_key at job.cpp:7 threw: the partitioner "
                       "returned 5; allowed are "
                       "0 to 1",
                       user_function_error);
  index = 1;
  auto sent = write_all<pair>(w, {{{1, 1}}});
  CHECK(sent[0]->records() == 0);
  CHECK(sent[1]->records() == 1);
}

TEST_CASE("dealing spreads evenly and every upstream partition starts elsewhere") {
  deal_writer<std::int64_t> w{3};
  auto sent = write_all<std::int64_t>(w, {numbers(0, 4), numbers(10, 4), {}, numbers(30, 1)});
  auto items = [&](std::size_t t) {
    return static_cast<const records_payload<std::int64_t>&>(*sent[t]).items;
  };
  CHECK(items(0) == std::vector<std::int64_t>{0, 3, 12, 30});
  CHECK(items(1) == std::vector<std::int64_t>{1, 10, 13});
  CHECK(items(2) == std::vector<std::int64_t>{2, 11});
}

TEST_CASE("reading gives the records of all upstreams in order, in chunks, again and again") {
  deal_writer<std::int64_t> w{1};
  auto one = write_all<std::int64_t>(w, {numbers(0, 3000)});
  auto none = write_all<std::int64_t>(w, {});
  auto two = write_all<std::int64_t>(w, {numbers(3000, 10)});
  recording_consumer<std::int64_t> down;
  records_reader<std::int64_t> r{down};
  CHECK(read_target(r, down, {one, none, two}, 0) == numbers(0, 3010));
  CHECK(down.largest_chunk <= chunk_capacity<std::int64_t>);
  CHECK(down.empty_chunks == 0);
  CHECK(read_target(r, down, {one, none, two}, 0) == numbers(0, 3010));
  CHECK(read_target(r, down, {none, none}, 0).empty());
  CHECK(down.calls == one_partition(0));
}

TEST_CASE("more targets than records: the rest get empty partitions") {
  deal_writer<std::int64_t> w{10};
  auto sent = write_all<std::int64_t>(w, {numbers(0, 3)});
  recording_consumer<std::int64_t> down;
  records_reader<std::int64_t> r{down};
  std::size_t records = 0;
  for (std::uint32_t t = 0; t < 10; ++t) {
    records += read_target(r, down, {sent}, t).size();
    CHECK(down.calls == one_partition(t));
  }
  CHECK(records == 3);
}

TEST_CASE("views of moved records stay valid as long as the payload") {
  auto text = std::make_shared<const std::string>("bytes of the batch, longer than the short form");
  std::weak_ptr<const std::string> watch = text;
  deal_writer<std::string_view> w{2};
  auto context = context_at(1000, text);
  auto sent = write_all<std::string_view>(w, {{std::string_view{*text}.substr(0, 5)}}, context);
  text.reset();
  context.inputs.reset();
  recording_consumer<std::string_view> down;
  records_reader<std::string_view> r{down};
  CHECK(read_target(r, down, {sent}, 0) == std::vector<std::string_view>{"bytes"});
  sent.clear();
  CHECK(watch.expired());
}
