#pragma once

#include "millrace/engine/input_gate.hpp"
#include "millrace/plan/stage_instance.hpp"

namespace millrace {

/// What a stage partition hands on after a batch: its output, or the error after the last attempt.
struct stage_result {
  stage_output output;
  std::shared_ptr<const error> failure;
};

/// Runs a stage instance on an input, again after a failure, up to `max_failures` times in all, and
/// counts what the attempt that succeeded has added to accumulators. Not run at all when the input
/// failed upstream.
stage_result run_stage(stage_instance& instance, const input_gate::ready& input,
                       std::uint32_t max_failures);

/// Where the result of partition `partition` of a stage goes: calls `send(edge, target, slot,
/// what)` exactly once for each (edge, target partition) of it. Moves the payloads out of `from`.
template <class Send>
void route(const job_plan& plan, const stage& what, std::uint32_t partition, stage_result& from,
           Send send) {
  for (std::size_t e = 0; e < what.edges.size(); ++e) {
    auto& edge = what.edges[e];
    for (std::uint32_t i = 0; i < edge.fan_out(); ++i) {
      auto target = edge.aligned ? partition : i;
      send(edge, target, plan.slot_of(edge, partition, target),
           slot_delivery{from.failure ? nullptr : std::move(from.output.payloads[e][i]),
                         from.failure});
    }
  }
}

} // namespace millrace
