#include "millrace/engine/stage_chain.hpp"
#include "plan/plan_harness.hpp"

#include <functional>
#include <map>
#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
using pairs = std::vector<std::pair<int, int>>;
using kept = collector<std::pair<int, int>>;

const auto plus = std::plus<int>{};

/// The partitions of each chain's stages: `2; 4 4`.
std::string show(const std::vector<chain_plan>& chains) {
  std::string out;
  for (auto& chain : chains) {
    out += out.empty() ? "" : "; ";
    for (auto& link : chain.links)
      out += (&link == &chain.links.front() ? "" : " ") + std::to_string(link.what->partitions);
  }
  return out;
}

template <class Build>
std::string chains_of(Build build, std::uint32_t parallelism, std::uint32_t least = 1) {
  auto plan =
      make_plan(graph_of([&](auto& c) { build(any_input<std::pair<int, int>>(c)); }), parallelism);
  return show(make_chains(plan, least));
}

input_gate::ready records(pairs all, batch_time time = batch_time{1000}) {
  auto input = std::make_shared<stage_input>();
  input->time = time;
  if (!all.empty())
    input->blocks.push_back({0, make_typed_block(std::move(all))});
  return {std::move(input), nullptr};
}

struct arrived {
  int times = 0;
  slot_delivery what;
};

/// What comes to each output in one batch that takes so many steps, by its number.
std::map<std::uint32_t, arrived> run_chain(stage_chain& chain, input_gate::ready input, int steps,
                                           std::uint32_t max_failures = 1) {
  stage_chain::run batch{std::move(input)};
  for (; steps > 0; --steps) {
    CHECK_FALSE(chain.ended(batch));
    chain.step(batch, max_failures);
  }
  REQUIRE(chain.ended(batch));
  std::map<std::uint32_t, arrived> out;
  chain.route(batch, [&](const stage_edge& edge, std::uint32_t target, std::uint32_t slot,
                         slot_delivery what) {
    CHECK(edge.to_output);
    CHECK(target == 0);
    CHECK(slot == 0);
    auto& at = out[edge.output.value()];
    ++at.times;
    at.what = std::move(what);
  });
  return out;
}

/// Source, sum by key, sum of all; the first and the second are collected too. Throws for key 13.
struct three_stages {
  kept given, by_key;
  collector<int> total;
  job_plan plan =
      make_plan(graph_of([this](auto& c) {
                  auto in = any_input<std::pair<int, int>>(c).map([this](auto r) {
                    if (r.first == 13 && --failures >= 0)
                      throw std::runtime_error("thirteen");
                    return r;
                  });
                  auto sums = in.reduce_by_key(plus, 1);
                  in.collect_into(given);
                  sums.collect_into(by_key);
                  sums.map([](auto r) { return r.second; }).reduce(plus).collect_into(total);
                }),
                1);
  int failures = 0;
  stage_chain chain{plan, make_chains(plan, 1).at(0), 0, stage_environment{hash_seed{1}}};

  std::map<std::uint32_t, arrived> run(input_gate::ready input, std::uint32_t max_failures = 1) {
    return run_chain(chain, std::move(input), 3, max_failures);
  }
};

/// Source, running totals by key, sum of all that they send; the states are collected too, and on
/// demand the source.
struct states_job {
  kept given, states;
  collector<int> total;
  bool throws = false;
  job_plan plan;

  explicit states_job(bool with_source = false)
      : plan{make_plan(graph_of([&](auto& c) {
                         auto in = any_input<std::pair<int, int>>(c);
                         if (with_source)
                           in.collect_into(given);
                         build(in);
                       }),
                       1)} {}

  void build(const dstream<std::pair<int, int>>& in) {
    auto spec = state_spec<int>([this](int, std::optional<int> v, state<int>& sum) {
                  if (throws)
                    throw std::runtime_error("thirteen");
                  sum.update(sum.get_option().value_or(0) + *v);
                  return sum.get();
                }).num_partitions(1);
    auto sums = in.map_with_state(spec);
    sums.state_snapshots().collect_into(states);
    sums.reduce(plus).collect_into(total);
  }

  stage_chain chain() const {
    return {plan, make_chains(plan, 1).at(0), 0, stage_environment{hash_seed{1}, batch_time{0}}};
  }
};

template <class T>
std::vector<T> items(const slot_delivery& of) {
  REQUIRE(of.data);
  std::vector<T> all;
  for (auto& partition : ordered_partitions<T>({of.data}))
    all.insert(all.end(), partition.begin(), partition.end());
  return all;
}

} // namespace

TEST_CASE("chains of stages that several batches could share have a partition for each worker") {
  CHECK(least_chained_partitions(1, 1) == 1);
  CHECK(least_chained_partitions(4, 1) == 1);
  CHECK(least_chained_partitions(1, 2) == 1);
  CHECK(least_chained_partitions(4, 2) == 4);
}

TEST_CASE("a stage follows the one that gives each of its partitions all input") {
  auto sums = [](auto s) {
    s.reduce_by_key(plus, 1).map_values([](int v) { return v; }).count().print();
  };
  CHECK(chains_of(sums, 1) == "1 1 1");
  CHECK(chains_of(sums, 2) == "2; 1 1");
  auto alike = [](auto s) { s.partition_by(4).reduce_by_key(plus, 4).print(); };
  CHECK(chains_of(alike, 2) == "2; 4 4");
  CHECK(chains_of([](auto s) { s.partition_by(4).reduce_by_key(plus, 3).print(); }, 2) ==
        "2; 4; 3");
  CHECK(chains_of([](auto s) { s.partition_by(4).repartition(4).print(); }, 2) == "2; 4; 4");
}

TEST_CASE("a stage with two inputs, or beside another, is on its own") {
  auto join = [](auto s) {
    auto one = s.partition_by(1);
    one.join(one.reduce_by_key(plus, 1), 1).count().print();
  };
  CHECK(chains_of(join, 1) == "1 1; 1; 1 1");
  auto both = [](auto s) {
    s.reduce_by_key(plus, 1).count().print();
    s.group_by_key(1).count().print();
  };
  CHECK(chains_of(both, 1) == "1; 1 1; 1 1");
}

TEST_CASE("stages of few partitions stay apart, so that they can work on several batches") {
  auto sums = [](auto s) { s.reduce_by_key(plus, 2).partition_by(2).count().print(); };
  CHECK(chains_of(sums, 2, 2) == "2; 2 2; 1");
  CHECK(chains_of(sums, 2, 3) == "2; 2; 2; 1");
}

TEST_CASE("every stage of a chain sends what is not for the next, once") {
  three_stages job;
  REQUIRE(show(make_chains(job.plan, 1)) == "1 1 1");
  auto out = job.run(records({{1, 10}, {2, 20}, {1, 30}}));
  REQUIRE(out.size() == 3);
  for (auto& [output, arrived] : out) {
    CHECK(arrived.times == 1);
    CHECK_FALSE(arrived.what.failure);
  }
  CHECK(items<std::pair<int, int>>(out[0].what) == pairs{{1, 10}, {2, 20}, {1, 30}});
  CHECK(items<std::pair<int, int>>(out[1].what).size() == 2);
  CHECK(items<int>(out[2].what) == ints{60});
}

TEST_CASE("a failure is tried again, and then goes to everything behind it") {
  three_stages job;
  job.failures = 1;
  CHECK(items<int>(job.run(records({{13, 5}}), 2)[2].what) == ints{5});
  job.failures = 2;
  auto out = job.run(records({{13, 5}}), 2);
  REQUIRE(out.size() == 3);
  for (auto& [output, arrived] : out) {
    CHECK(arrived.times == 1);
    REQUIRE(arrived.what.failure);
    CHECK(arrived.what.failure == out[0].what.failure);
    CHECK(arrived.what.failure->message.find("thirteen") != std::string::npos);
  }
  CHECK(items<int>(job.run(records({{13, 7}}), 1)[2].what) == ints{7});
}

TEST_CASE("what failed before the chain, or is absent, is not computed") {
  three_stages job;
  auto failed = records({{1, 1}});
  failed.failure = std::make_shared<const error>(error{errc::internal, "before"});
  for (auto& [output, arrived] : job.run(failed))
    CHECK(arrived.what.failure == failed.failure);
  auto absent = std::make_shared<stage_input>();
  absent->time = batch_time{1000};
  absent->absent = true;
  auto out = job.run({absent, nullptr});
  CHECK(out.size() == 3);
  for (auto& [output, arrived] : out) {
    CHECK_FALSE(arrived.what.failure);
    CHECK_FALSE(arrived.what.data);
  }
}

TEST_CASE("a source and the state behind it run in one step; both send what they have, once") {
  states_job job;
  auto chain = job.chain();
  auto out = run_chain(chain, records({{1, 10}, {1, 5}}), 2);
  REQUIRE(out.size() == 2);
  CHECK(items<std::pair<int, int>>(out[0].what) == pairs{{1, 15}});
  CHECK(items<int>(out[1].what) == ints{25});
  CHECK_FALSE(chain.idle(stage_chain::run{records({})})); // keys may time out
  job.throws = true;
  out = run_chain(chain, records({{1, 1}}, batch_time{2000}), 2, 2);
  REQUIRE(out.size() == 2);
  for (auto& [output, arrived] : out) {
    CHECK(arrived.times == 1);
    REQUIRE(arrived.what.failure);
    CHECK(arrived.what.failure->message.find("2 attempts") != std::string::npos);
  }
}

TEST_CASE("a source that is put out as well does not run along with the state behind it") {
  states_job job{true};
  auto chain = job.chain();
  auto out = run_chain(chain, records({{1, 10}, {1, 5}}), 3);
  REQUIRE(out.size() == 3);
  CHECK(items<std::pair<int, int>>(out[0].what) == pairs{{1, 10}, {1, 5}});
  CHECK(items<int>(out[2].what) == ints{25});
}

TEST_CASE("a stage is idle without records, unless it works on none") {
  three_stages job;
  stage_chain::run full{records({{1, 1}})};
  CHECK_FALSE(job.chain.idle(full));
  stage_chain::run empty{records({})};
  while (!job.chain.ended(empty)) {
    CHECK(job.chain.idle(empty));
    job.chain.step(empty, 1);
  }
  auto plan = make_plan(graph_of([](auto& c) {
                          any_input<std::pair<int, int>>(c)
                              .reduce_by_key_and_window(plus, seconds(2), seconds(1), 1)
                              .print();
                        }),
                        1);
  stage_chain chain{plan, make_chains(plan, 1).at(0), 0,
                    stage_environment{hash_seed{1}, batch_time{0}}};
  stage_chain::run batch{records({})};
  CHECK(chain.idle(batch));
  while (!chain.ended(batch) && chain.idle(batch))
    chain.step(batch, 1);
  CHECK_FALSE(chain.ended(batch));
}
