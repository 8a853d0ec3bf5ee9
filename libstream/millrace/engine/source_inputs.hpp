#pragma once

#include "millrace/engine/allocated_batch.hpp"
#include "millrace/plan/plan.hpp"
#include "millrace/plan/stage_instance.hpp"

#include <memory>
#include <vector>

namespace millrace {

/// What one partition of a source stage is to run for a batch, or the reason why it cannot.
struct source_input {
  stage_id stage;
  std::uint32_t partition = 0;
  std::shared_ptr<const stage_input> input;
  std::shared_ptr<const error> failure;
};

/// One input for each partition of each source stage of the plan. A batch that cannot be run, be it
/// that its input could not be settled or that a stream on which an operation insists is absent,
/// has the same inputs, each with the failure, so that it ends in its turn.
std::vector<source_input> make_source_inputs(const job_plan& plan, const allocated_batch& batch,
                                             batch_time zero);

} // namespace millrace
