#pragma once

#include "millrace/control/input_gate.hpp"
#include "millrace/plan/stage_instance.hpp"

namespace millrace {

/// What a stage partition hands on after a batch: its output, or the error after the last attempt.
struct stage_result {
  stage_output output;
  std::shared_ptr<const error> failure;
};

/// Runs a stage instance on an input, again after a failure, up to `max_failures` times in all. Not
/// run at all when the input failed upstream.
stage_result run_stage(stage_instance& instance, const input_gate::ready& input,
                       std::uint32_t max_failures);

} // namespace millrace
