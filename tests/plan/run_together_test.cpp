#include "millrace/flow/accumulator.hpp"
#include "plan/plan_harness.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<int, int>;
using pairs = std::vector<pair>;

constexpr std::size_t chunk = chunk_capacity<pair>;

/// Running totals by key: (key, total) for each record, and the states. Fails at the values that a
/// test sets.
struct totals_job {
  collector<pair> totals, states;
  int made = 0, seen = 0, most_between = 0;
  int failing_in_source = -1, failing_in_state = -1;
  bool throws_number = false, fails_to_expire = false;
  accumulator<int> accepted{"accepted"};
  job_plan plan;

  template <class Change = std::identity>
  explicit totals_job(Change change = {})
      : plan{make_plan(graph_of([&](auto& c) { build(any_input<pair>(c), change); }), 1)} {}

  totals_job(const totals_job&) = delete;

  template <class Change>
  void build(const dstream<pair>& in, Change change) {
    auto spec = state_spec<int>([this](int key, std::optional<int> v, state<int>& sum) {
                  return add(key, v, sum);
                }).num_partitions(1);
    auto out = in.map([this](pair p) { return pass(p); }).map_with_state(change(spec));
    out.collect_into(totals);
    out.state_snapshots().collect_into(states);
  }

  pair pass(pair p) {
    if (p.second == failing_in_source)
      throw std::runtime_error("in the source");
    ++made;
    accepted += 1;
    return p;
  }

  pair add(int key, std::optional<int> v, state<int>& sum) {
    if (sum.is_timing_out()) {
      if (fails_to_expire)
        throw std::runtime_error("too late");
      return {key, -sum.get()};
    }
    most_between = std::max(most_between, made - seen++);
    if (v == failing_in_state) {
      if (throws_number)
        throw 42;
      throw std::runtime_error("in the state");
    }
    sum.update(sum.get_option().value_or(0) + *v);
    return {key, sum.get()};
  }

  stage_instance instance(std::size_t stage) const {
    return {plan, plan.stages.at(stage), 0, stage_environment{hash_seed{1}, batch_time{0}}};
  }

  /// Both stages as one.
  stage_instance together() const {
    auto both = instance(1);
    REQUIRE(both.run_with(plan.stages.at(0)));
    return both;
  }
};

std::shared_ptr<stage_input> blocks(int second, std::vector<pairs> partitions) {
  auto input = std::make_shared<stage_input>();
  input->time = batch_time{second * 1000};
  for (auto& p : partitions)
    input->blocks.push_back(
        {static_cast<std::uint32_t>(input->blocks.size()), make_typed_block(std::move(p))});
  return input;
}

std::shared_ptr<stage_input> absent(int second) {
  auto input = blocks(second, {});
  input->absent = true;
  return input;
}

pairs items(const result<stage_output>& out, std::size_t edge) {
  REQUIRE(out.has_value());
  pairs all;
  for (auto& partition : ordered_partitions<pair>(out->payloads.at(edge)))
    all.insert(all.end(), partition.begin(), partition.end());
  return all;
}

pairs sorted(pairs all) {
  std::ranges::sort(all);
  return all;
}

pairs random_pairs(std::mt19937_64& random, std::size_t n) {
  pairs all(n);
  for (auto& [key, value] : all)
    key = static_cast<int>(random() % 500), value = static_cast<int>(random() % 100);
  return all;
}

} // namespace

TEST_CASE("together or one after the other, a source and a state make the same of every batch") {
  std::mt19937_64 random{seed()};
  totals_job apart_job, joint_job;
  auto source = apart_job.instance(0), state = apart_job.instance(1);
  auto joint = joint_job.together();
  for (int second = 1; second <= 8; ++second) {
    std::vector<pairs> parts;
    for (std::size_t n : {random() % (3 * chunk), random() % 2, random() % chunk})
      parts.push_back(random_pairs(random, n));
    auto input = blocks(second, parts);
    auto between = std::make_shared<stage_input>();
    between->time = input->time;
    between->slots = source.run(input).value().payloads.at(0);
    auto expected = state.run(between);
    auto got = joint.run(input);
    CHECK(items(got, 0) == items(expected, 0));
    CHECK(items(got, 1) == items(expected, 1));
  }
}

TEST_CASE("no more than a chunk lies between the two") {
  std::mt19937_64 random{seed()};
  totals_job job;
  auto joint = job.together();
  CHECK(items(joint.run(blocks(1, {random_pairs(random, 20 * chunk)})), 0).size() == 20 * chunk);
  CHECK(job.most_between <= static_cast<int>(chunk));
}

TEST_CASE("what fails in either leaves no trace in the state, and the batch may run again") {
  pairs all(5 * chunk);
  for (int i = 0; auto& p : all)
    p = {i % 7, i}, ++i;
  totals_job job, good;
  auto joint = job.together(), expected = good.together();
  auto first = joint.run(blocks(1, {{{1, 100}, {9, 100}}}));
  REQUIRE(first);
  first->additions.count();
  items(expected.run(blocks(1, {{{1, 100}, {9, 100}}})), 0);
  auto input = blocks(2, {all});
  for (int* failing : {&job.failing_in_source, &job.failing_in_state}) {
    const bool in_source = failing == &job.failing_in_source;
    *failing = static_cast<int>(3 * chunk + 5);
    auto failed = joint.run(input);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == errc::user_function_failed);
    const std::string& message = failed.error().message;
    CHECK(message.find(in_source ? "map at run_together_test.cpp"
                                 : "map_with_state at run_together_test.cpp") != std::string::npos);
    CHECK(message.find(in_source ? "in the source" : "in the state") != std::string::npos);
    *failing = -1;
    CHECK(job.accepted.value() == 2);
  }
  auto again = joint.run(input), wanted = expected.run(input);
  REQUIRE(again);
  again->additions.count();
  CHECK(items(again, 0) == items(wanted, 0));
  CHECK(sorted(items(again, 1)) == sorted(items(wanted, 1)));
  CHECK(job.accepted.value() == 2 + static_cast<int>(all.size()));
}

TEST_CASE("a source that catches what fails in the state does not hide it") {
  int failing = -1;
  const auto plan = make_plan(
      graph_of([&](auto& c) {
        any_input<int>(c)
            .template flat_map<pair>([](int n, auto& emit) {
              for (int i = 0; i < n; ++i)
                try {
                  emit(pair{i % 5, i});
                } catch (...) {
                }
            })
            .map_with_state(state_spec<int>([&](int, std::optional<int> v, state<int>& sum) {
                              sum.update(sum.get_option().value_or(0) + 1);
                              if (v == failing)
                                throw std::runtime_error("in the state");
                              return pair{*v, sum.get()};
                            }).num_partitions(1))
            .for_each_batch([](const auto&) {});
      }),
      1);
  stage_instance joint{plan, plan.stages.at(1), 0, stage_environment{hash_seed{1}}};
  REQUIRE(joint.run_with(plan.stages.at(0)));
  auto input = std::make_shared<stage_input>();
  input->time = batch_time{1000};
  const int n = 3 * static_cast<int>(chunk);
  input->blocks.push_back({0, make_typed_block(std::vector<int>{n, n})});
  for (int late : {5, n - 1}) {
    failing = late;
    auto failed = joint.run(input);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().message.find("in the state") != std::string::npos);
  }
  failing = -1;
  auto sums = ordered_partitions<pair>(joint.run(input).value().payloads.at(0)).at(0);
  CHECK(sums.size() == 2 * static_cast<std::size_t>(n));
  CHECK(sums.front() == pair{0, 1});
}

TEST_CASE("whatever a function throws is an error that names its operator") {
  totals_job job;
  auto joint = job.together();
  job.failing_in_state = 5;
  job.throws_number = true;
  auto failed = joint.run(blocks(1, {{{1, 5}}}));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("map_with_state") != std::string::npos);
}

TEST_CASE("keys time out in batches without records and in those that the source does not have") {
  totals_job job{[](auto spec) { return spec.timeout(seconds(2)); }};
  auto joint = job.together();
  CHECK(items(joint.run(blocks(1, {{{1, 10}, {2, 20}}})), 0) == pairs{{1, 10}, {2, 20}});
  CHECK(items(joint.run(blocks(3, {{{2, 1}}})), 0) == pairs{{2, 21}});
  job.fails_to_expire = true;
  auto failed = joint.run(blocks(4, {}));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("too late") != std::string::npos);
  job.fails_to_expire = false;
  CHECK(items(joint.run(blocks(4, {})), 0) == pairs{{1, -10}});
  auto later = joint.run(absent(6));
  CHECK(items(later, 0) == pairs{{2, -21}});
  CHECK(items(later, 1).empty());
}

TEST_CASE("initial states are there before the first record, also when the first attempt fails") {
  const batch<pair> initial{pairs{{1, 5}, {2, 6}}};
  totals_job job{[&](auto spec) { return spec.initial_state(initial); }};
  auto joint = job.together();
  job.failing_in_state = 3;
  auto input = blocks(1, {{{1, 2}, {1, 3}}});
  CHECK_FALSE(joint.run(input).has_value());
  job.failing_in_state = -1;
  auto out = joint.run(input);
  CHECK(items(out, 0) == pairs{{1, 7}, {1, 10}});
  CHECK(sorted(items(out, 1)) == pairs{{1, 10}, {2, 6}});
}

TEST_CASE("words of text, and both halves of a union, run together with their state") {
  using counted = std::pair<std::string, std::string>;
  const auto spec =
      state_spec<std::string>([](std::string_view word, std::optional<std::string> tag,
                                 state<std::string>& all) {
        all.update(all.get_option().value_or("") + tag.value_or(""));
        return counted{word, all.get()};
      }).num_partitions(1);
  const auto plan = make_plan(
      graph_of([&](auto& c) {
        auto words = any_input<std::string_view>(c);
        auto tagged = [&](const char* tag) {
          return words.map([tag](std::string_view w) { return std::pair{w, std::string{tag}}; });
        };
        tagged("a").union_with(tagged("b")).map_with_state(spec).for_each_batch([](const auto&) {});
      }),
      1);
  stage_instance joint{plan, plan.stages.at(1), 0, stage_environment{hash_seed{1}}};
  REQUIRE(joint.run_with(plan.stages.at(0)));
  const std::vector<std::string_view> words{"millrace", "a word that is stored elsewhere",
                                            "millrace"};
  std::map<std::string, std::string> last;
  for (int second = 1; second <= 2; ++second) {
    auto input = std::make_shared<stage_input>();
    input->time = batch_time{second * 1000};
    input->blocks.push_back({0, make_text_block(words)});
    auto out = joint.run(input);
    input.reset();
    const auto partitions = ordered_partitions<counted>(out.value().payloads.at(0));
    for (auto& [word, all] : partitions.at(0))
      last[word] = all;
  }
  CHECK(last.size() == 2);
  CHECK(last.at("millrace") == "aabbaabb");
  CHECK(last.at(std::string{words[1]}) == "abab");
}

TEST_CASE("a key may be a view of bytes that its value owns") {
  using shared_text = std::shared_ptr<const std::string>;
  using counted = std::pair<std::string, int>;
  const auto spec =
      state_spec<int>([](std::string_view, std::optional<shared_text>, state<int>& n) {
        n.update(n.get_option().value_or(0) + 1);
        return n.get();
      }).num_partitions(1);
  const auto plan = make_plan(graph_of([&](auto& c) {
                                any_input<int>(c)
                                    .map([](int i) {
                                      auto text = std::make_shared<const std::string>(
                                          std::string(40, static_cast<char>('a' + i)));
                                      return std::pair{std::string_view{*text}.substr(0, 30), text};
                                    })
                                    .map_with_state(spec)
                                    .state_snapshots()
                                    .for_each_batch([](const auto&) {});
                              }),
                              1);
  stage_instance joint{plan, plan.stages.at(1), 0, stage_environment{hash_seed{1}}};
  REQUIRE(joint.run_with(plan.stages.at(0)));
  for (int second = 1; second <= 2; ++second) {
    auto input = std::make_shared<stage_input>();
    input->time = batch_time{second * 1000};
    input->blocks.push_back({0, make_typed_block(std::vector<int>{0, 1, 2, 1})});
    auto out = joint.run(input);
    auto states = ordered_partitions<counted>(out.value().payloads.at(0)).at(0);
    std::ranges::sort(states);
    CHECK(states == std::vector<counted>{{std::string(30, 'a'), second},
                                         {std::string(30, 'b'), 2 * second},
                                         {std::string(30, 'c'), second}});
  }
}

TEST_CASE("what a state's function returns may point into the record until the next operation") {
  const auto spec =
      state_spec<int>([](const std::string& key, std::optional<int> v, state<int>& s) {
        s.update(*v);
        return std::pair{&key, *v};
      }).num_partitions(1);
  collector<std::string> out;
  const auto plan = make_plan(graph_of([&](auto& c) {
                                any_input<int>(c)
                                    .map([](int i) {
                                      return std::pair{std::string(40, '.') + std::to_string(i), i};
                                    })
                                    .map_with_state(spec)
                                    .map([](const auto& made) { return *made.first; })
                                    .collect_into(out);
                              }),
                              1);
  stage_instance joint{plan, plan.stages.at(1), 0, stage_environment{hash_seed{1}}};
  REQUIRE(joint.run_with(plan.stages.at(0)));
  const int n = 5 * static_cast<int>(chunk);
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  auto input = std::make_shared<stage_input>();
  input->time = batch_time{1000};
  input->blocks.push_back({0, make_typed_block(std::move(numbers))});
  auto made = joint.run(input);
  const auto texts = ordered_partitions<std::string>(made.value().payloads.at(0)).at(0);
  REQUIRE(texts.size() == static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i)
    REQUIRE(texts[static_cast<std::size_t>(i)] == std::string(40, '.') + std::to_string(i));
}

TEST_CASE("what needs more than a chunk of its input, or the user's partitioner, runs apart") {
  const auto together = [](auto build) {
    auto plan = make_plan(graph_of([&](auto& c) { build(any_input<pair>(c)); }), 1);
    stage_instance next{plan, plan.stages.at(1), 0, stage_environment{hash_seed{1}}};
    return next.run_with(plan.stages.at(0));
  };
  const auto spec = state_spec<int>([](int, std::optional<int>, state<int>& s) {
                      s.update(1);
                      return 1;
                    }).num_partitions(1);
  CHECK(together([&](auto s) { s.map_with_state(spec).print(); }));
  CHECK_FALSE(together([](auto s) { s.reduce_by_key(std::plus<int>{}, 1).print(); }));
  CHECK_FALSE(together([&](auto s) {
    s.map_with_state(spec.partitioner(partition_with(1, [](int) { return 0; }))).print();
  }));
  const auto view = state_spec<int>([](const std::string& key, std::optional<int>, state<int>&) {
                      return std::string_view{key};
                    }).num_partitions(1);
  CHECK_FALSE(together([&](auto s) {
    s.map([](pair p) {
       return std::pair{std::to_string(p.first), p.second};
     })
        .map_with_state(view)
        .print();
  }));
}
