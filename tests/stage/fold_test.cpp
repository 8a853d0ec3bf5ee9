#include "millrace/stage/fold.hpp"
#include "stage/exchange_harness.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using longs = std::vector<std::int64_t>;

} // namespace

TEST_CASE("reduce: partial results in upstream order, nothing from nothing") {
  auto add = [](const std::string& a, const std::string& b) { return a + b; };
  reduce_writer<std::string, decltype(add)> w{exchange_who, add};
  auto one = write_all<std::string>(w, {{"a", "b"}, {}, {"c"}}, context_at(1000), 1);
  auto none = write_all<std::string>(w, {});
  auto two = write_all<std::string>(w, {{"d"}});
  CHECK(one[0]->records() == 1);
  CHECK(none[0]->records() == 0);
  recording_consumer<std::string> down;
  reduce_reader<std::string, decltype(add)> r{exchange_who, down, add};
  for (int again = 0; again < 2; ++again)
    CHECK(read_target(r, down, {one, none, two}, 0) == std::vector<std::string>{"abcd"});
  CHECK(read_target(r, down, {none, none}, 0).empty());
  CHECK(down.calls == one_partition(0));
}

TEST_CASE("a reduce function may return a reference to its argument") {
  auto larger = [](const std::string& a, const std::string& b) -> const std::string& {
    return std::max(a, b);
  };
  reduce_writer<std::string, decltype(larger)> w{exchange_who, larger};
  const std::string most = "z: a string that is longer than the short form";
  auto one = write_all<std::string>(w, {{"b", most, "a", "c"}});
  auto two = write_all<std::string>(w, {{"d"}});
  recording_consumer<std::string> down;
  reduce_reader<std::string, decltype(larger)> r{exchange_who, down, larger};
  CHECK(read_target(r, down, {one, two}, 0) == std::vector<std::string>{most});
}

TEST_CASE("reduce is repeated from the start after a failure") {
  int failures = 1;
  auto add = [&failures](std::int64_t a, std::int64_t b) {
    if (b == 3 && failures-- > 0)
      throw std::runtime_error("once");
    return a + b;
  };
  reduce_writer<std::int64_t, decltype(add)> w{exchange_who, add};
  CHECK_THROWS_AS(write_all<std::int64_t>(w, {{1, 2, 3, 4}}), user_function_error);
  auto sent = write_all<std::int64_t>(w, {{1, 2, 3, 4}});
  recording_consumer<std::int64_t> down;
  reduce_reader<std::int64_t, decltype(add)> r{exchange_who, down, add};
  CHECK(read_target(r, down, {sent}, 0) == longs{10});
}

TEST_CASE("count: one record always, 0 for no record at all") {
  count_writer<std::string> w;
  auto one = write_all<std::string>(w, {{"a", "b"}, {"c"}});
  auto none = write_all<std::string>(w, {});
  recording_consumer<std::int64_t> down;
  count_reader r{down};
  CHECK(read_target(r, down, {one, none, one}, 0) == longs{6});
  CHECK(read_target(r, down, {none}, 0) == longs{0});
  CHECK(down.calls == one_partition(0));
}
