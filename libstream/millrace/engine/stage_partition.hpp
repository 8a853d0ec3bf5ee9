#pragma once

#include "millrace/engine/job_outlet.hpp"
#include "millrace/engine/stage_chain.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace {

/// What a runtime does for a stage partition.
class partition_effects {
public:
  virtual ~partition_effects() = default;

  /// Call `stage_chain::finish`, which calls user code, on a compute thread. ->
  /// stage_partition::task_done
  virtual void run_task(batch_time time, stage_chain::run batch) = 0;

  /// Deliver to a partition of a later stage, or to an output, as the edge says.
  virtual void send(const stage_edge& edge, std::uint32_t target, batch_time time,
                    std::uint32_t slot, slot_delivery what) = 0;
};

/// One partition of a chain of stages between its inputs and its results: batches in their order,
/// one at a time. Counts what its tasks took and how long, by stage (metrics stage_records_total,
/// stage_busy_microseconds_total).
///
/// Owned by one thread at a time (a stage actor). Bound: the batches in flight.
class stage_partition {
public:
  /// What is given by reference must outlive the partition.
  stage_partition(std::shared_ptr<stage_chain> chain, std::uint32_t partition,
                  std::uint32_t max_failures, job_outlet& outlet, partition_effects& effects);

  /// Of a source stage: its input of a batch.
  void run(input_gate::ready input);

  /// Of another stage: as input_gate::deliver.
  result<void> deliver(batch_time time, std::uint32_t slot, slot_delivery what);

  void task_done(batch_time time, stage_chain::run& batch);

private:
  void pump();
  void send_results(batch_time time, stage_chain::run& from);

  std::shared_ptr<stage_chain> chain_;
  std::uint32_t max_failures_;
  job_outlet& outlet_;
  std::string label_; ///< Of metrics: the number of the stage.
  partition_effects& effects_;
  input_gate gate_;
  /// At most the batches in flight. Not a deque, which costs more than the rest of an idle stage.
  std::vector<input_gate::ready> ready_;
  bool running_ = false;
};

} // namespace millrace
