#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/input_gate.hpp"
#include "millrace/engine/listener.hpp"
#include "millrace/plan/plan.hpp"

#include <functional>

namespace millrace {

/// What is known of an output before it runs.
output_info describe_output(const output_plan& output, batch_time time);

/// Runs the output operations of a job, in the order of registration and of batches, each at most
/// once to success.
///
/// Owned by the sink writer; `run` is called on the one thread that runs user output functions.
class output_runner {
public:
  output_runner(const job_plan& plan, hash_seed seed, std::uint32_t max_failures,
                std::shared_ptr<parallel_executor> executor, const clock& time,
                batch_time zero = {});

  struct outcome {
    output_info info;
    std::optional<error> failure;
    /// What follows, if it is the output that failed and the user has said so for it.
    std::optional<failure_policy> policy;
  };

  /// As it starts now.
  output_info describe(output_id output, batch_time time) const;

  /// Runs the sink, again after a failure up to `max_failures` times in all. An absent stream (a
  /// null slot) is a success without a call; a batch that failed upstream is a failure without a
  /// call.
  outcome run(output_id output, const input_gate::ready& input);

private:
  const job_plan& plan_;
  hash_seed seed_;
  std::uint32_t max_failures_;
  std::shared_ptr<parallel_executor> executor_;
  const clock& clock_;
  batch_time zero_;
  std::vector<std::unique_ptr<output_sink>> sinks_;
  std::vector<output_info> planned_; ///< What is known of each output beforehand.
};

} // namespace millrace
