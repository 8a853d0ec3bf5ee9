#include "millrace/stage/collect.hpp"
#include "stage/exchange_harness.hpp"

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;

/// Writes chunks of views to lanes in any order: (lane, partition, records).
struct step {
  std::uint32_t lane;
  std::uint32_t index;
  std::vector<std::string_view> records;
};

payload_ptr write_lanes(collect_writer<std::string_view>& w, const std::vector<step>& steps) {
  auto context = context_at(1000);
  w.reset(context);
  for (auto& s : steps) {
    auto records = s.records;
    auto& in = static_cast<consumer<std::string_view>&>(w.lane_input(s.lane));
    in.open({0, s.index});
    in.consume(records);
    in.close();
  }
  return w.take().at(0);
}

} // namespace

TEST_CASE("partitions come in the order of lanes, then of indexes, wherever they were computed") {
  collect_writer<std::string_view> w;
  auto one = write_lanes(w, {{1, 2, {"f"}}, {0, 2, {"c"}}, {0, 0, {"a"}}, {1, 0, {"d"}}});
  auto two = write_lanes(w, {{1, 1, {"e1", "e2"}}, {0, 1, {"b"}}});
  CHECK(one->records() == 4);
  const std::vector<texts> expected{{"a"}, {"b"}, {"c"}, {"d"}, {"e1", "e2"}, {"f"}};
  CHECK(ordered_partitions<std::string>({one, two}) == expected);
  CHECK(ordered_partitions<std::string>({two, one}) == expected);
}

TEST_CASE("an empty partition is kept, no partition is none") {
  collect_writer<std::string_view> w;
  auto some = write_lanes(w, {{0, 1, {}}, {0, 0, {"a"}}});
  auto none = write_lanes(w, {});
  CHECK(ordered_partitions<std::string>({none, some}) == std::vector<texts>{{"a"}, {}});
  CHECK(ordered_partitions<std::string>({none}).empty());
}

TEST_CASE("lanes that are open at the same time do not mix") {
  collect_writer<int> w;
  auto context = context_at(1000);
  w.reset(context);
  auto& left = static_cast<consumer<int>&>(w.lane_input(0));
  auto& right = static_cast<consumer<int>&>(w.lane_input(1));
  left.open({0, 0});
  right.open({0, 0});
  std::vector<int> chunk{1};
  left.consume(chunk);
  chunk = {2};
  right.consume(chunk);
  chunk = {3};
  left.consume(chunk);
  left.close();
  right.close();
  CHECK(ordered_partitions<int>(w.take()) == std::vector<std::vector<int>>{{1, 3}, {2}});
}

TEST_CASE("a limit keeps the first records of each lane") {
  collect_writer<std::string_view> w{2};
  auto p =
      write_lanes(w, {{0, 0, {"a"}}, {0, 1, {"b", "c"}}, {0, 2, {"d"}}, {1, 0, {"x", "y", "z"}}});
  CHECK(ordered_partitions<std::string>({p}) == std::vector<texts>{{"a"}, {"b"}, {}, {"x", "y"}});
  auto again = write_lanes(w, {{0, 0, {"e", "f", "g"}}});
  CHECK(ordered_partitions<std::string>({again}) == std::vector<texts>{{"e", "f"}});
}

TEST_CASE("collected text is owned") {
  auto text = std::make_unique<std::string>("text that is longer than the short form of a string");
  collect_writer<std::string_view> w;
  auto p = write_lanes(w, {{0, 0, {*text}}});
  text.reset();
  CHECK(ordered_partitions<std::string>({p})[0][0] ==
        "text that is longer than the short form of a string");
}
