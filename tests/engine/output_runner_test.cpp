#include "millrace/engine/output_runner.hpp"
#include "millrace/engine/stage_runner.hpp"
#include "plan/plan_harness.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

/// One source stage of one partition with an output, and the batch `records` for it.
struct small_job {
  template <class Output>
  explicit small_job(Output output)
      : plan{make_plan(graph_of([&](auto& c) { output(any_input<int>(c)); }), 1)},
        stage{plan, plan.stages.at(0), 0, hash_seed{1}} {}

  input_gate::ready input_of(std::vector<int> records) {
    auto in = std::make_shared<stage_input>();
    in->time = batch_time{1000};
    in->blocks.push_back({0, make_typed_block(std::move(records))});
    return {in, nullptr};
  }

  input_gate::ready output_of(std::vector<int> records) {
    auto out = std::make_shared<stage_input>();
    out->time = batch_time{1000};
    out->slots = run_stage(stage, input_of(std::move(records)), 1).output.payloads.at(0);
    return {out, nullptr};
  }

  output_runner runner(std::uint32_t max_failures) {
    return {plan, hash_seed{1}, max_failures, make_sequential_executor(), time};
  }

  job_plan plan;
  stage_instance stage;
  manual_clock time{batch_time{1234}};
};

} // namespace

TEST_CASE("an output is tried again up to the limit") {
  for (int failing : {0, 2, 3, 5}) {
    int calls = 0;
    small_job job{[&](auto s) {
      s.name("numbers").for_each_batch([&calls, failing](const batch<int>& b, batch_time t) {
        CHECK(b.collect() == std::vector<int>{1, 2});
        CHECK(t == batch_time{1000});
        if (calls++ < failing)
          throw std::runtime_error("not yet");
      });
    }};
    auto outcome = job.runner(3).run(output_id{0}, job.output_of({1, 2}));
    CHECK(calls == std::min(failing + 1, 3));
    CHECK(outcome.failure.has_value() == (failing >= 3));
    CHECK(outcome.info.failure.has_value() == outcome.failure.has_value());
    if (outcome.failure) {
      CHECK(outcome.failure->message.find("for_each_batch at output_runner_test.cpp:") !=
            std::string::npos);
      CHECK(outcome.failure->message.find("not yet") != std::string::npos);
    }
    CHECK(outcome.info.name == "for_each_batch");
    CHECK(outcome.info.started == batch_time{1234});
    CHECK(outcome.info.ended == batch_time{1234});
  }
}

TEST_CASE("no call for a batch that failed upstream, nor for an absent stream") {
  int calls = 0;
  small_job job{[&](auto s) { s.for_each_batch([&calls](const batch<int>&) { ++calls; }); }};
  auto runner = job.runner(3);
  auto input = job.output_of({1});
  input.failure = std::make_shared<const error>(error{errc::internal, "upstream"});
  CHECK(runner.run(output_id{0}, input).failure->message == "upstream");
  auto absent = std::make_shared<stage_input>();
  absent->slots = {nullptr};
  auto outcome = runner.run(output_id{0}, {absent, nullptr});
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.info.ended);
  CHECK(calls == 0);
}

TEST_CASE("anything thrown by an output is an error of that output") {
  small_job job{[&](auto s) { s.for_each_batch([](const batch<int>&) { throw 42; }); }};
  auto outcome = job.runner(1).run(output_id{0}, job.output_of({1}));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->message.find("not a std::exception") != std::string::npos);
}

TEST_CASE("a stage is tried again up to the limit, and says how often it was") {
  int failing = 2;
  int calls = 0;
  small_job job{[&](auto s) {
    s.map([&](int x) {
       if (++calls <= failing)
         throw std::runtime_error("not yet");
       return x;
     }).for_each_batch([](const batch<int>&) {});
  }};
  auto fine = run_stage(job.stage, job.input_of({1}), 3);
  CHECK_FALSE(fine.failure);
  CHECK(calls == 3);
  failing = 100;
  auto failed = run_stage(job.stage, job.input_of({1}), 3);
  REQUIRE(failed.failure);
  CHECK(calls == 6);
  CHECK(failed.failure->message.ends_with("not yet (batch 1000 ms, 3 attempts)"));
}

TEST_CASE("a stage whose input failed is not run") {
  int calls = 0;
  small_job job{[&](auto s) {
    s.map([&](int x) { return calls += x; }).for_each_batch([](const batch<int>&) {});
  }};
  auto input = job.input_of({1});
  input.failure = std::make_shared<const error>(error{errc::internal, "upstream"});
  CHECK(run_stage(job.stage, input, 3).failure == input.failure);
  CHECK(calls == 0);
}
