#include "millrace/engine/stage_runner.hpp"
#include "millrace/flow/accumulator.hpp"
#include "plan/plan_harness.hpp"
#include "support/memory_shortage.hpp"

#include <map>
#include <optional>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using word = std::pair<std::string, int>;
using words = std::vector<word>;

/// Three batches of two keys each through the stage of a state that times out, and of all
/// allocations of the second batch the one of this number fails once. Returns whether there is one.
template <class Build>
bool survives_without_memory(std::size_t failing, Build build) {
  collector<word> out;
  accumulator<int> seen{"seen"};
  auto graph = graph_of([&](auto& c) { build(any_input<word>(c), seen).collect_into(out); });
  auto plan = make_plan(graph, 1);
  stage_instance source{plan, plan.stages.at(0), 0, hash_seed{1}};
  stage_instance keyed{plan, plan.stages.at(1), 0, hash_seed{1}};
  std::map<std::string, int> last;
  bool failed = false;
  for (int second = 1; second <= 3; ++second) {
    auto in = std::make_shared<stage_input>();
    in->time = batch_time{1000 * second};
    in->blocks.push_back(
        {0, make_typed_block(words{{"a key that is longer than the short form", 1},
                                   {"key of batch " + std::to_string(second), 10}})});
    auto sent = run_stage(source, {in, nullptr}, 1);
    auto between = std::make_shared<stage_input>();
    between->time = in->time;
    between->slots = {sent.output.payloads.at(0).at(0)};
    std::optional<memory_shortage> shortage;
    if (second == 2)
      shortage.emplace(failing, memory_shortage::failing::once);
    auto result = run_stage(keyed, {between, nullptr}, 2);
    failed = failed || (shortage && shortage->was_met());
    shortage.reset();
    const std::string why = result.failure ? result.failure->message : "";
    CAPTURE(failing);
    REQUIRE(why == "");
    CHECK(seen.value() == 2 * second);
    CHECK(seen.in_batch(in->time) == 2);
    for (auto& partition : ordered_partitions<word>(result.output.payloads.at(0)))
      for (auto& [key, value] : partition)
        last[key] = value;
  }
  CHECK(last.at("a key that is longer than the short form") == 3);
  CHECK(last.at("key of batch 2") == 10);
  return failed;
}

template <class Build>
void check_every_allocation(Build build) {
  std::size_t n = 0;
  while (survives_without_memory(n, build))
    ++n;
  CHECK(n > 5);
}

} // namespace

TEST_CASE("map_with_state: an attempt that ran out of memory anywhere leaves no trace") {
  check_every_allocation([](auto input, accumulator<int> seen) {
    auto add = [seen](batch_time, const std::string& key, std::optional<int> value,
                      state<int>& sum) -> std::optional<word> {
      if (!value)
        return std::nullopt;
      seen.add(1);
      sum.update((sum.exists() ? sum.get() : 0) + *value);
      return word{key, sum.get()};
    };
    return input.map_with_state(state_spec<int>(add).num_partitions(1).timeout(seconds(1)));
  });
}

TEST_CASE("update_state_by_key: an attempt that ran out of memory anywhere leaves no trace") {
  check_every_allocation([](auto input, accumulator<int> seen) {
    return input.template update_state_by_key<int>(
        [seen](std::span<const int> values, std::optional<int> sum) -> std::optional<int> {
          for (int value : values) {
            seen.add(1);
            sum = sum.value_or(0) + value;
          }
          return sum;
        },
        1);
  });
}
