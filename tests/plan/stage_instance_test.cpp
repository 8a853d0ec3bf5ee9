#include "millrace/block/block_store.hpp"
#include "plan/plan_harness.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

std::shared_ptr<stage_input> blocks(std::vector<ints> partitions) {
  auto input = std::make_shared<stage_input>();
  input->time = batch_time{1000};
  for (auto& p : partitions)
    input->blocks.push_back(
        {static_cast<std::uint32_t>(input->blocks.size()), make_typed_block(p)});
  return input;
}

std::vector<ints> collected(const result<stage_output>& out, std::size_t edge = 0) {
  REQUIRE(out.has_value());
  return ordered_partitions<int>(out->payloads.at(edge));
}

} // namespace

TEST_CASE("a stage runs its pipeline over its blocks and may be run again") {
  collector<int> out;
  auto graph = graph_of([&](auto& c) {
    auto s = any_input<int>(c).map([](int x) { return x + 1; });
    s.collect_into(out);
    s.filter([](int x) { return x % 2 == 0; }).collect_into(out);
  });
  auto plan = make_plan(graph, 1);
  stage_instance stage{plan, plan.stages.at(0), 0, hash_seed{1}};
  auto input = blocks({{1, 2}, {}, {3}});
  for (int again = 0; again < 2; ++again) {
    auto result = stage.run(input);
    CHECK(collected(result, 0) == std::vector<ints>{{2, 3}, {}, {4}});
    CHECK(collected(result, 1) == std::vector<ints>{{2}, {}, {4}});
  }
}

TEST_CASE(
    "received blocks are fetched by who runs them, and one that nobody has makes the batch fail") {
  collector<int> out;
  auto graph = graph_of([&](auto& c) { any_input<int>(c).collect_into(out); });
  auto plan = make_plan(graph, 1);
  block_store store;
  stage_environment around{hash_seed{1}};
  around.blocks = &store;
  stage_instance stage{plan, plan.stages.at(0), 0, around};
  auto input = std::make_shared<stage_input>();
  input->time = batch_time{1000};
  for (std::uint64_t number : {4, 5}) {
    block_id id{stream_id{0}, number};
    auto made = make_typed_block(ints(number, 7));
    CHECK(store.try_put(id, made));
    input->blocks.emplace_back(static_cast<std::uint32_t>(number - 4), id, made->records(),
                               made->bytes());
  }
  CHECK(input->records() == 9);
  CHECK(collected(stage.run(input)) == std::vector<ints>{ints(4, 7), ints(5, 7)});
  std::vector<block_id> lost{{stream_id{0}, 5}};
  CHECK(store.release(lost) == 1);
  auto failed = stage.run(input);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::not_found);
  CHECK(failed.error().message.find("1 of 2 blocks of input_stream at plan_harness.hpp:") == 0);
  CHECK(failed.error().message.ends_with(" are lost, with 5 of 9 records; the first is input-0-5"));
}

TEST_CASE("an absent stream gives null payloads for every target, and so on downstream") {
  collector<int> out;
  auto graph = graph_of([&](auto& c) { any_input<int>(c).repartition(3).collect_into(out); });
  auto plan = make_plan(graph, 1);
  stage_instance source{plan, plan.stages.at(0), 0, hash_seed{1}};
  auto input = std::make_shared<stage_input>();
  input->absent = true;
  auto result = source.run(input);
  REQUIRE(result.has_value());
  CHECK(result->payloads.at(0) == std::vector<payload_ptr>(3));
  stage_instance next{plan, plan.stages.at(1), 1, hash_seed{1}};
  auto slots = std::make_shared<stage_input>();
  slots->slots = {result->payloads.at(0).at(1)};
  CHECK(next.run(slots).value().payloads.at(0) == std::vector<payload_ptr>(1));
}

TEST_CASE("a failure names operator, place and cause; the instance then works on") {
  collector<int> out;
  int failures = 1;
  auto graph = graph_of([&](auto& c) {
    any_input<int>(c)
        .map([&failures](int x) {
          if (x == 3 && failures-- > 0)
            throw std::runtime_error("three");
          return x;
        })
        .name("thrower")
        .repartition(1)
        .collect_into(out);
  });
  auto plan = make_plan(graph, 1);
  stage_instance stage{plan, plan.stages.at(0), 0, hash_seed{1}};
  auto input = blocks({{1, 2, 3, 4}});
  auto failed = stage.run(input);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == errc::user_function_failed);
  CHECK(failed.error().message.find("map \"thrower\" at stage_instance_test.cpp:") !=
        std::string::npos);
  CHECK(failed.error().message.find("three") != std::string::npos);
  auto result = stage.run(input);
  REQUIRE(result.has_value());
  CHECK(static_cast<const records_payload<int>&>(*result->payloads.at(0).at(0)).items ==
        ints{1, 2, 3, 4});
}

TEST_CASE("a function that catches what fails below its emit does not hide it") {
  collector<int> out;
  int failures = 1;
  auto graph = graph_of([&](auto& c) {
    any_input<int>(c)
        .template flat_map<int>([](int x, auto& emit) {
          for (int i = 0; i < 3000; ++i)
            try {
              emit(x);
            } catch (...) {
            }
        })
        .map([&failures](int x) {
          if (x == 3 && failures-- > 0)
            throw std::runtime_error("three");
          return x;
        })
        .collect_into(out);
  });
  auto plan = make_plan(graph, 1);
  stage_instance stage{plan, plan.stages.at(0), 0, hash_seed{1}};
  auto input = blocks({{1, 3, 4}});
  auto failed = stage.run(input);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("map at stage_instance_test.cpp") != std::string::npos);
  CHECK(failed.error().message.find("three") != std::string::npos);
  CHECK(collected(stage.run(input)).at(0).size() == 9000);
}

TEST_CASE("what is thrown outside of user functions is an error too, whatever it is") {
  struct grumpy {
    int value = 0;
    grumpy() = default;
    explicit grumpy(int v) : value{v} {}
    grumpy(const grumpy& other) : value{other.value} {
      if (value == 2)
        throw 42;
    }
    grumpy(grumpy&&) = default;
    grumpy& operator=(const grumpy&) = default;
    grumpy& operator=(grumpy&&) = default;
  };
  auto graph = graph_of([](auto& c) {
    any_input<int>(c).map([](int x) { return grumpy{x}; }).glom().for_each_batch([](const auto&) {
    });
  });
  auto plan = make_plan(graph, 1);
  stage_instance stage{plan, plan.stages.at(0), 0, hash_seed{1}};
  auto source = graph_of([](auto& c) { any_input<grumpy>(c).for_each_batch([](const auto&) {}); });
  auto copying = make_plan(source, 1);
  stage_instance copier{copying, copying.stages.at(0), 0, hash_seed{1}};
  std::vector<grumpy> records;
  records.emplace_back(1);
  records.emplace_back(2);
  auto input = std::make_shared<stage_input>();
  input->blocks.push_back({0, make_typed_block(std::move(records))});
  auto failed = copier.run(input);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("not a std::exception") != std::string::npos);
}

TEST_CASE(
    "an instance keeps its input alive only while it runs, its payloads as long as they need it") {
  collector<std::string> out;
  auto graph =
      graph_of([&](auto& c) { any_input<std::string_view>(c).repartition(2).collect_into(out); });
  auto plan = make_plan(graph, 1);
  stage_instance stage{plan, plan.stages.at(0), 0, hash_seed{1}};
  std::vector<std::string_view> lines{"a line that is longer than the short form", "b"};
  auto input = std::make_shared<stage_input>();
  block_ptr lines_block = make_text_block(lines);
  std::weak_ptr<const block> watch = lines_block;
  input->blocks.emplace_back(0, std::move(lines_block));
  auto result = stage.run(input);
  input.reset();
  CHECK_FALSE(watch.expired());
  auto& moved =
      static_cast<const records_payload<std::string_view>&>(*result.value().payloads.at(0).at(0));
  CHECK(moved.items.at(0) == lines[0]);
  result = fail(errc::cancelled, "");
  CHECK(watch.expired());
}
