#include "engine/scripted_outlet.hpp"
#include "millrace/engine/stage_partition.hpp"
#include "plan/plan_harness.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using steps = std::vector<std::string>;
using ints = std::vector<int>;

/// The source stage of a job, whose tasks wait until the test runs them.
struct fixture : partition_effects {
  fixture() {
    auto chain = std::make_shared<stage_chain>(plan, make_chains(plan, 1).at(0), 0,
                                               stage_environment{hash_seed{1}});
    chains = chain;
    core.emplace(std::move(chain), 0, 1, outlet, *this);
  }

  void run_task(batch_time at, stage_chain::run batch) override {
    said.push_back("task " + std::to_string(at.ms()));
    tasks.emplace_back(at, std::move(batch));
  }

  void send(const stage_edge& edge, std::uint32_t, batch_time at, std::uint32_t slot,
            slot_delivery what) override {
    said.push_back("send " + std::to_string(at.ms()) + " slot " + std::to_string(slot) +
                   (what.failure ? " failed: " + what.failure->message
                                 : " records " + std::to_string(what.data->records())));
    CHECK(edge.to_output);
  }

  void input(std::int64_t ms, ints records) {
    auto in = std::make_shared<stage_input>();
    in->time = batch_time{ms};
    if (!records.empty())
      in->blocks.emplace_back(0, make_typed_block(std::move(records)));
    core->run({std::move(in), nullptr});
  }

  void end_task(duration takes = milliseconds(0)) {
    auto [at, batch] = std::move(tasks.front());
    tasks.erase(tasks.begin());
    takes_now = takes;
    chains->finish(batch, 1, time);
    core->task_done(at, batch);
  }

  steps taken() { return std::exchange(said, {}); }

  duration takes_now{0};
  manual_clock time;
  job_plan plan = make_plan(graph_of([this](auto& c) {
                              any_input<int>(c)
                                  .map([this](int x) {
                                    time.advance(takes_now);
                                    return x < 0 ? throw std::runtime_error("negative") : x;
                                  })
                                  .for_each_batch([](const batch<int>&) {});
                            }),
                            1);
  scripted_outlet outlet;
  std::shared_ptr<stage_chain> chains;
  std::optional<stage_partition> core;
  std::vector<std::pair<batch_time, stage_chain::run>> tasks;
  steps said;
};

} // namespace

TEST_CASE("batches are tasks one at a time, in their order, and what they made goes on") {
  fixture f;
  f.input(1000, {1, 2});
  f.input(2000, {3});
  CHECK(f.taken() == steps{"task 1000"});
  f.end_task();
  CHECK(f.taken() == steps{"send 1000 slot 0 records 2", "task 2000"});
  f.end_task();
  CHECK(f.taken() == steps{"send 2000 slot 0 records 1"});
}

TEST_CASE("a batch without records is no task, but waits for its turn") {
  fixture f;
  f.input(1000, {});
  CHECK(f.taken() == steps{"send 1000 slot 0 records 0"});
  f.input(2000, {1});
  f.input(3000, {});
  CHECK(f.taken() == steps{"task 2000"});
  f.end_task();
  CHECK(f.taken() == steps{"send 2000 slot 0 records 1", "send 3000 slot 0 records 0"});
}

TEST_CASE("a failure goes on in place of the records, and so does one that came in") {
  fixture f;
  f.input(1000, {-1});
  f.end_task();
  auto said = f.taken();
  REQUIRE(said.size() == 2);
  CHECK(said[1].find("send 1000 slot 0 failed: the function given to map at ") == 0);
  auto in = std::make_shared<stage_input>();
  in->time = batch_time{2000};
  f.core->run({in, std::make_shared<const error>(error{errc::internal, "no input"})});
  CHECK(f.taken() == steps{"send 2000 slot 0 failed: no input"});
}

TEST_CASE("what tasks took and how long is counted by stage") {
  fixture f;
  f.input(1000, {1, 2, 3});
  f.end_task(milliseconds(5));
  f.input(2000, {4});
  f.end_task(milliseconds(7));
  CHECK(f.outlet.counts->counter("stage_records_total", "0") == 4);
  CHECK(f.outlet.counts->counter("stage_busy_microseconds_total", "0") == 22'000);
}
