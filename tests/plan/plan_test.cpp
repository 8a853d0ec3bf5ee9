#include "plan/plan_harness.hpp"

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<int, int>;

template <class Build>
job_plan plan_of(Build build) {
  return make_plan(graph_of(build), 2);
}

constexpr auto plus_one = [](int x) { return x + 1; };
constexpr auto odd = [](int x) { return x % 2 != 0; };
constexpr auto keyed = [](int x) { return pair{x, x}; };

} // namespace

TEST_CASE("narrow operations fuse into the stage of their source") {
  collector<int> out;
  auto plan =
      plan_of([&](auto& c) { any_input<int>(c).map(plus_one).filter(odd).collect_into(out); });
  CHECK(show(plan) == "input_stream/2[0]: map(filter(collect_into@0)) -> out0+0\n");
  CHECK(plan.outputs.at(0).slots == 2);
}

TEST_CASE("a stage ends at each exchange") {
  collector<pair> out;
  auto plan = plan_of([&](auto& c) {
    any_input<int>(c)
        .map(keyed)
        .reduce_by_key(std::plus{}, 3)
        .map_values(plus_one)
        .partition_by(5)
        .collect_into(out);
  });
  CHECK(show(plan) == "input_stream/2[0]: map(reduce_by_key@0) -> stage1+0\n"
                      "reduce_by_key/3[2]: map_values(partition_by@0) -> stage2+0\n"
                      "partition_by/5[3]: collect_into@0 -> out0+0\n");
  CHECK(plan.outputs.at(0).slots == 5);
  CHECK(plan.stages[0].edges.at(0).targets == 3);
}

TEST_CASE("two outputs of one stream share what they have in common") {
  collector<int> a;
  collector<std::int64_t> b;
  auto plan = plan_of([&](auto& c) {
    auto s = any_input<int>(c).map(plus_one);
    s.collect_into(a);
    s.count().collect_into(b);
    s.filter(odd).collect_into(a);
  });
  CHECK(show(plan) == "input_stream/2[0]: map(collect_into@0 count@0 filter(collect_into@0)) -> "
                      "out0+0 stage1+0 out2+0\n"
                      "count/1[2]: collect_into@0 -> out1+0\n");
}

TEST_CASE(
    "a union copies what follows it into each branch; lanes are numbered from left to right") {
  collector<int> out;
  auto plan = plan_of([&](auto& c) {
    auto left = any_input<int>(c);
    auto right = any_input<int>(c);
    right.union_with(left).map(plus_one).collect_into(out);
  });
  CHECK(show(plan) == "input_stream/2[0]: union(map(collect_into@1)) -> out0+0\n"
                      "input_stream/2[0]: union(map(collect_into@0)) -> out0+2\n");
  CHECK(plan.outputs.at(0).slots == 4);
}

TEST_CASE("the union of a stream with itself has it twice") {
  collector<int> out;
  auto plan = plan_of([&](auto& c) {
    auto s = any_input<int>(c).map(plus_one);
    s.union_with(s).collect_into(out);
  });
  CHECK(show(plan) ==
        "input_stream/2[0]: map(union(collect_into@0) union(collect_into@1)) -> out0+0\n");
}

TEST_CASE("a diamond computes its top once") {
  collector<int> out;
  auto plan = plan_of([&](auto& c) {
    auto top = any_input<int>(c).map(plus_one);
    top.filter(odd).union_with(top).collect_into(out);
  });
  CHECK(show(plan) ==
        "input_stream/2[0]: map(filter(union(collect_into@0)) union(collect_into@1)) -> out0+0\n");
}

TEST_CASE("nested unions number lanes in the order of the elements") {
  collector<int> out;
  auto plan = plan_of([&](auto& c) {
    auto a = any_input<int>(c);
    auto b = any_input<int>(c);
    a.union_with(b).union_with(b.union_with(a)).collect_into(out);
  });
  CHECK(show(plan) ==
        "input_stream/2[0]: union(union(collect_into@0)) union(union(collect_into@3)) -> out0+0\n"
        "input_stream/2[0]: union(union(collect_into@1)) union(union(collect_into@2)) -> out0+2\n");
}

TEST_CASE("a union of a source and an exchange feeds the output from both stages") {
  collector<int> out;
  auto plan = plan_of([&](auto& c) {
    auto s = any_input<int>(c);
    s.repartition(3).union_with(s).collect_into(out);
  });
  CHECK(show(plan) == "input_stream/2[0]: repartition@0 union(collect_into@1) -> stage1+0 out0+0\n"
                      "repartition/3[2]: union(collect_into@0) -> out0+2\n");
  CHECK(plan.outputs.at(0).slots == 5);
}

TEST_CASE("an exchange that two streams use is one stage") {
  collector<pair> out;
  auto plan = plan_of([&](auto& c) {
    auto reduced = any_input<int>(c).map(keyed).reduce_by_key(std::plus{}, 2);
    reduced.map_values(plus_one).collect_into(out);
    reduced.union_with(reduced).partition_by(1).collect_into(out);
  });
  CHECK(show(plan) == "input_stream/2[0]: map(reduce_by_key@0) -> stage1+0\n"
                      "reduce_by_key/2[2]: map_values(collect_into@0) union(partition_by@0) "
                      "union(partition_by@1) -> out0+0 stage2+0\n"
                      "partition_by/1[2]: collect_into@0 -> out1+0\n");
}

TEST_CASE("what leads to no output is not planned") {
  collector<int> out;
  auto plan = plan_of([&](auto& c) {
    any_input<int>(c).map(plus_one).count();
    any_input<int>(c).collect_into(out);
  });
  REQUIRE(plan.stages.size() == 1);
  CHECK(plan.source_stages(stream_id{0}).empty());
  CHECK(plan.source_stages(stream_id{1}) == std::vector{stage_id{0}});
}

TEST_CASE("stages come after all that feed them") {
  collector<std::int64_t> out;
  auto plan = plan_of([&](auto& c) {
    auto s = any_input<std::int64_t>(c);
    auto a = s.repartition(2);
    auto b = a.union_with(s.repartition(3)).reduce(std::plus{});
    b.union_with(a).count().collect_into(out);
    a.count().collect_into(out);
  });
  std::vector<bool> seen(plan.stages.size());
  for (auto& s : plan.stages) {
    seen[s.id.value()] = true;
    std::uint32_t slots = 0;
    for (auto& from : plan.stages)
      for (auto& e : from.edges)
        if (!e.to_output && e.stage == s.id) {
          CHECK(seen[from.id.value()]);
          CHECK(plan.slot_of(e, 0, 0) == slots);
          slots += from.partitions;
        }
    CHECK(s.slots_in(0) == slots);
  }
}

TEST_CASE("unions that multiply beyond bounds are refused by name") {
  collector<int> out;
  auto graph = graph_of([&](auto& c) {
    auto s = any_input<int>(c);
    for (int i = 0; i < 40; ++i)
      s = s.union_with(s);
    s.collect_into(out);
  });
  CHECK_THROWS_WITH_AS(make_plan(graph, 2), doctest::Contains("collect_into at plan_test.cpp:"),
                       stream_error);
}

TEST_CASE("a job without outputs is refused") {
  CHECK_THROWS_WITH_AS(graph_of([](auto& c) { any_input<int>(c).map(plus_one); }),
                       doctest::Contains("No output operations registered, so nothing to execute"),
                       stream_error);
}

TEST_CASE("absence passes through operations and exchanges, and is an error at a union") {
  collector<int> ints;
  collector<std::int64_t> counts;
  bool with_union = false;
  auto build = [&](auto& c) {
    auto a = any_input<int>(c);
    auto b = any_input<int>(c);
    a.map(plus_one).count().collect_into(counts);
    b.collect_into(ints);
    if (with_union)
      a.union_with(b).collect_into(ints);
  };
  auto graph = graph_of(build);
  auto gone = absent_nodes(*graph, {stream_id{0}}, batch_time{3000}, batch_time{0});
  REQUIRE(gone.has_value());
  std::string absent;
  for (auto& n : graph->nodes())
    absent += (*gone)[n->id().value()] ? '-' : '+';
  CHECK(absent == "-+---+");
  CHECK(absent_nodes(*graph, {}, batch_time{3000}, batch_time{0}).value() ==
        std::vector<bool>(6, false));
  with_union = true;
  graph = graph_of(build);
  auto failed = absent_nodes(*graph, {stream_id{1}}, batch_time{3000}, batch_time{0});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("union at plan_test.cpp:") != std::string::npos);
  CHECK(failed.error().message.find("3000 ms") != std::string::npos);
  CHECK(absent_nodes(*graph, {}, batch_time{3000}, batch_time{0}).has_value());
}
