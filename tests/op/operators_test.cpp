#include "millrace/op/fan_out.hpp"
#include "millrace/op/filter.hpp"
#include "millrace/op/map.hpp"
#include "millrace/op/map_partitions.hpp"
#include "op/recording_consumer.hpp"

#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

const auto who = std::make_shared<const op_info>(op_info{"map", "words", {"job.cpp", 12}});

std::vector<int> numbers(std::size_t n) {
  std::vector<int> out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// One batch of one partition, in one chunk.
template <class T>
void feed(consumer<T>& op, std::vector<T> records) {
  op.begin({});
  op.open({0, 3});
  op.consume(records);
  op.close();
  op.end();
}

template <class In, class Out, class F>
auto make_map(consumer<Out>& down, F f) {
  return map_op<In, Out, F>{who, down, std::move(f)};
}

} // namespace

TEST_CASE("map gives one result per record in chunks of its own capacity") {
  recording_consumer<std::string> down;
  auto op = make_map<int>(down, [](int x) { return std::to_string(x); });
  feed<int>(op, numbers(2500));
  CHECK(down.calls == "begin open(0,3) close end");
  CHECK(down.records.size() == 2500);
  CHECK(down.records[2499] == "2499");
  CHECK(down.largest_chunk <= chunk_capacity<std::string>);
  CHECK(down.empty_chunks == 0);
}

TEST_CASE("map moves out of the records it is given") {
  recording_consumer<std::unique_ptr<int>> down;
  auto op = make_map<std::unique_ptr<int>>(down, [](std::unique_ptr<int> p) { return p; });
  std::vector<std::unique_ptr<int>> records;
  records.push_back(std::make_unique<int>(7));
  op.begin({});
  op.open({0, 0});
  op.consume(records);
  CHECK(*down.records.at(0) == 7);
}

TEST_CASE(
    "after an exception the operator starts afresh with begin, and the error names the operator") {
  recording_consumer<std::string> down;
  bool failing = true;
  auto op = make_map<int>(down, [&failing](int x) {
    if (failing && x == 5)
      throw std::runtime_error("five");
    return std::to_string(x);
  });
  CHECK_THROWS_WITH_AS(feed<int>(op, numbers(10)),
                       "the function given to map \"words\" at job.cpp:12 threw: five",
                       user_function_error);
  failing = false;
  down = {};
  feed<int>(op, numbers(10));
  CHECK(down.records.size() == 10);
  CHECK(down.records[0] == "0");
}

TEST_CASE("what is thrown need not be a std::exception, and is blamed on the operator that threw") {
  recording_consumer<int> down;
  auto inner_who = std::make_shared<const op_info>(op_info{"filter", "", {"job.cpp", 13}});
  auto thrower = [](const int&) -> bool { throw 42; };
  filter_op<int, decltype(thrower)> inner{inner_who, down, thrower};
  auto emit = [](int x, emitter<int>& out) { out(x); };
  flat_map_emit_op<int, int, decltype(emit)> outer{who, inner, emit};
  CHECK_THROWS_WITH_AS(feed<int>(outer, numbers(3)),
                       doctest::Contains("filter at job.cpp:13 threw: something"),
                       user_function_error);
}

TEST_CASE("filter compacts in place and sends no empty chunk") {
  recording_consumer<std::string> down;
  auto keep = [](const std::string& s) { return s.size() > 1; };
  filter_op<std::string, decltype(keep)> op{who, down, keep};
  feed<std::string>(op, {"a", "bb", "c", "dd", "a longer string than the short form holds", "e"});
  CHECK(down.records ==
        std::vector<std::string>{"bb", "dd", "a longer string than the short form holds"});
  feed<std::string>(op, {"a", "b"});
  CHECK(down.empty_chunks == 0);
  CHECK(down.calls == "begin open(0,3) close end begin open(0,3) close end");
}

TEST_CASE("flat_map flushes before close and keeps the order") {
  recording_consumer<int> down;
  auto twice = emit_range{[](int x) { return std::vector<int>{x, x}; }};
  flat_map_emit_op<int, int, decltype(twice)> op{who, down, twice};
  feed<int>(op, numbers(3000));
  REQUIRE(down.records.size() == 6000);
  for (std::size_t i = 0; i < 6000; ++i)
    CHECK_MESSAGE(down.records[i] == static_cast<int>(i / 2), i);
  CHECK(down.after_close == 0);
  CHECK(down.largest_chunk <= chunk_capacity<int>);
}

TEST_CASE("a flat_map function that throws midway leaves nothing for the next attempt") {
  recording_consumer<int> down;
  int failures = 1;
  auto f = [&failures](int x, emitter<int>& out) {
    out(x);
    if (x == 2 && failures-- > 0)
      throw std::runtime_error("once");
  };
  flat_map_emit_op<int, int, decltype(f)> op{who, down, f};
  CHECK_THROWS_AS(feed<int>(op, numbers(5)), user_function_error);
  down = {};
  feed<int>(op, numbers(5));
  CHECK(down.records == numbers(5));
}

TEST_CASE("flat_map copies from ranges that stay with the function") {
  const std::string text = "a string that is longer than the short form";
  std::vector<std::string> lasting{text};
  recording_consumer<std::string> down;
  auto f = emit_range{[&lasting](int) -> std::vector<std::string>& { return lasting; }};
  flat_map_emit_op<int, std::string, decltype(f)> op{who, down, f};
  feed<int>(op, numbers(2));
  CHECK(down.records == std::vector<std::string>{text, text});
  CHECK(lasting == std::vector<std::string>{text});
}

TEST_CASE("map_partitions sees a whole partition at once, an empty one too") {
  recording_consumer<std::size_t> down;
  auto size = [](std::vector<int>& records, emitter<std::size_t>& out) { out(records.size()); };
  map_partitions_op<int, std::size_t, decltype(size)> op{who, down, size};
  op.begin({});
  for (std::size_t n : {3U, 0U, 2000U}) {
    op.open({0, 0});
    auto records = numbers(n);
    for (std::size_t i = 0; i < n; i += 500)
      op.consume(std::span{records}.subspan(i, std::min<std::size_t>(500, n - i)));
    op.close();
  }
  op.end();
  CHECK(down.records == std::vector<std::size_t>{3, 0, 2000});
  CHECK(down.after_close == 0);
}

TEST_CASE("map_partitions forgets a partition that an exception cut short") {
  recording_consumer<std::size_t> down;
  auto size = [](std::vector<int>& records, emitter<std::size_t>& out) { out(records.size()); };
  map_partitions_op<int, std::size_t, decltype(size)> op{who, down, size};
  auto records = numbers(4);
  op.begin({});
  op.open({0, 0});
  op.consume(records);
  feed<int>(op, numbers(2));
  CHECK(down.records == std::vector<std::size_t>{2});
}

TEST_CASE("fan_out gives every consumer the records, whatever the others do with them") {
  recording_consumer<std::string> first;
  recording_consumer<std::string> second;
  recording_consumer<std::string> third;
  auto spoil = [](std::string s) {
    s.clear();
    return s;
  };
  auto spoiler = make_map<std::string>(first, spoil);
  fan_out<std::string> op{{&spoiler, &second, &third}};
  const std::vector<std::string> records{"a", "a string that is longer than the short form"};
  feed<std::string>(op, records);
  CHECK(first.records == std::vector<std::string>{"", ""});
  CHECK(second.records == records);
  CHECK(third.records == records);
  for (auto* c : {&first, &second, &third})
    CHECK(c->calls == "begin open(0,3) close end");
}

TEST_CASE("fan_out keeps no record between batches") {
  recording_consumer<std::shared_ptr<int>> first;
  recording_consumer<std::shared_ptr<int>> second;
  fan_out<std::shared_ptr<int>> op{{&first, &second}};
  auto record = std::make_shared<int>(1);
  feed<std::shared_ptr<int>>(op, {record});
  first = {};
  second = {};
  CHECK(record.use_count() == 1);
}
