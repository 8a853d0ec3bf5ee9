#include "engine/scripted_outlet.hpp"
#include "millrace/engine/output_queue.hpp"
#include "plan/plan_harness.hpp"
#include "runtime/event_log.hpp"

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using steps = std::vector<std::string>;

/// A queue over the two outputs of a job; what it asks for is written down.
struct fixture : output_effects {
  explicit fixture(failure_policy policy = failure_policy::stop) {
    runner =
        std::make_shared<output_runner>(plan, hash_seed{1}, 1, make_sequential_executor(), time);
    outlet.listen = events;
    queue.emplace(plan, policy, runner, outlet, *this);
  }

  void run(output_id output, input_gate::ready input) override {
    said.push_back("run " + to_string(output) + " of " + std::to_string(input.input->time.ms()));
    running = runner->describe(output, input.input->time);
  }

  void done(batch_time time, std::vector<output_info> outputs,
            std::optional<batch_failure> failure) override {
    said.push_back("done " + std::to_string(time.ms()) + " " + std::to_string(outputs.size()) +
                   (failure ? " " + failure->why.message : ""));
  }

  /// The only payload of an output's batch.
  void deliver(std::uint32_t output, std::int64_t time, const std::string& failure = {}) {
    slot_delivery what{std::make_shared<const any_payload>(), nullptr};
    if (!failure.empty())
      what = {nullptr, std::make_shared<const error>(error{errc::internal, failure})};
    CHECK(queue->deliver(output_id{output}, batch_time{time}, 0, std::move(what)));
  }

  void returns(std::optional<error> failure = {},
               std::optional<failure_policy> policy = std::nullopt) {
    queue->ran({running, std::move(failure), policy});
  }

  steps taken() { return std::exchange(said, {}); }

  struct any_payload final : payload {
    std::size_t records() const override { return 1; }
  };

  job_plan plan = make_plan(graph_of([](auto& c) {
                              auto s = any_input<int>(c);
                              s.for_each_batch([](const batch<int>&) {});
                              s.for_each_batch([](const batch<int>&) {});
                            }),
                            1);
  manual_clock time{batch_time{1}};
  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  scripted_outlet outlet;
  std::shared_ptr<output_runner> runner;
  std::optional<output_queue> queue;
  output_info running;
  steps said;
};

} // namespace

TEST_CASE("outputs run one at a time, in the order of registration, batch after batch") {
  fixture f;
  f.deliver(1, 1000);
  f.deliver(1, 2000);
  CHECK(f.taken().empty());
  f.deliver(0, 1000);
  f.deliver(0, 2000);
  CHECK(f.taken() == steps{"run 0 of 1000"});
  f.returns();
  CHECK(f.taken() == steps{"run 1 of 1000"});
  f.returns();
  CHECK(f.taken() == steps{"done 1000 2", "run 0 of 2000"});
  CHECK(f.events->events().size() == 5);
}

TEST_CASE("a batch that failed upstream passes its outputs without a call") {
  fixture f{failure_policy::skip};
  f.deliver(0, 1000, "broken");
  f.deliver(1, 1000, "broken");
  CHECK(f.taken() == steps{"done 1000 2 broken"});
  f.deliver(0, 2000);
  CHECK(f.taken() == steps{"run 0 of 2000"});
}

TEST_CASE("the first failure of a batch counts; the other outputs of the batch still run") {
  fixture f{failure_policy::skip};
  f.deliver(0, 1000);
  f.deliver(1, 1000);
  f.returns(error{errc::internal, "first"});
  f.returns(error{errc::internal, "second"});
  CHECK(f.taken() == steps{"run 0 of 1000", "run 1 of 1000", "done 1000 2 first"});
}

TEST_CASE("after a batch that ends the job nothing runs any more") {
  fixture f;
  f.deliver(0, 1000);
  f.deliver(1, 1000);
  f.deliver(0, 2000);
  f.returns(error{errc::internal, "bad"});
  f.returns();
  CHECK(f.taken() == steps{"run 0 of 1000", "run 1 of 1000", "done 1000 2 bad"});
  f.deliver(1, 2000);
  CHECK(f.taken().empty());
}

TEST_CASE(
    "what an output says of its failure goes before what the job says, and a stop before both") {
  fixture stopping;
  stopping.deliver(0, 1000);
  stopping.deliver(1, 1000);
  stopping.deliver(0, 2000);
  stopping.returns(error{errc::internal, "never mind"}, failure_policy::skip);
  stopping.returns();
  CHECK(stopping.taken() ==
        steps{"run 0 of 1000", "run 1 of 1000", "done 1000 2 never mind", "run 0 of 2000"});
  fixture skipping{failure_policy::skip};
  skipping.deliver(0, 1000);
  skipping.deliver(1, 1000);
  skipping.deliver(0, 2000);
  skipping.returns(error{errc::internal, "never mind"});
  skipping.returns(error{errc::internal, "bad"}, failure_policy::stop);
  CHECK(skipping.taken() == steps{"run 0 of 1000", "run 1 of 1000", "done 1000 2 bad"});
}
