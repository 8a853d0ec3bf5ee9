#pragma once

#include "millrace/engine/batch_failure.hpp"
#include "millrace/engine/input_gate.hpp"
#include "millrace/engine/job_outlet.hpp"
#include "millrace/engine/output_runner.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// What a runtime does for an output queue.
class output_effects {
public:
  virtual ~output_effects() = default;

  /// Call `output_runner::run`, which calls user code, on the thread for it. -> output_queue::ran
  virtual void run(output_id output, input_gate::ready input) = 0;

  /// Every output of the batch has run, or will not.
  virtual void done(batch_time time, std::vector<output_info> outputs,
                    std::optional<batch_failure> failure) = 0;
};

/// The turns of a job's outputs: one at a time, those of a batch in the order of their registration
/// and all of them before the next batch. After a batch that failed and ends the job no later batch
/// has an effect outside.
///
/// Owned by one thread at a time (the sink writer). Bound: the batches in flight.
class output_queue {
public:
  /// All that is given by reference must outlive the queue.
  output_queue(const job_plan& plan, failure_policy on_failure,
               std::shared_ptr<output_runner> runner, job_outlet& outlet, output_effects& effects);

  /// As input_gate::deliver, for an output.
  result<void> deliver(output_id output, batch_time time, std::uint32_t slot, slot_delivery what);

  void ran(output_runner::outcome outcome);

private:
  void pump();
  void ended(output_runner::outcome outcome);

  failure_policy on_failure_;
  std::shared_ptr<output_runner> runner_;
  job_outlet& outlet_;
  output_effects& effects_;
  std::vector<input_gate> gates_;
  std::vector<std::deque<input_gate::ready>> ready_;
  std::uint32_t next_ = 0; ///< The output whose turn it is.
  bool running_ = false;
  bool halted_ = false;
  std::vector<output_info> done_; ///< Of the batch whose outputs run now.
  std::optional<batch_failure> failure_;
};

} // namespace millrace
