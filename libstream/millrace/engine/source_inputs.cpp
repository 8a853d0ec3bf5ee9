#include "millrace/engine/source_inputs.hpp"

#include <algorithm>

namespace millrace {

namespace {

std::shared_ptr<const error> failure_of(const job_plan& plan, const allocated_batch& batch,
                                        batch_time zero) {
  if (batch.failure)
    return batch.failure;
  if (std::ranges::none_of(plan.graph->nodes(), [](auto& n) { return n->needs_parents(); }))
    return nullptr;
  auto absent = absent_nodes(*plan.graph, batch.absent, batch.time, zero);
  return absent ? nullptr : std::make_shared<const error>(absent.error());
}

} // namespace

std::vector<source_input> make_source_inputs(const job_plan& plan, const allocated_batch& batch,
                                             batch_time zero) {
  auto failure = failure_of(plan, batch, zero);
  std::vector<source_input> out;
  out.reserve(plan.stages.front().partitions);
  for (auto& stage : plan.stages) {
    if (stage.root->role() != node_role::source)
      continue;
    auto stream = static_cast<const source_node&>(*stage.root).stream();
    bool absent = std::ranges::find(batch.absent, stream) != batch.absent.end();
    auto parts = failure ? std::vector<std::vector<block_ref>>(stage.partitions)
                         : divide_blocks(batch.blocks.at(stream), stage.partitions);
    for (std::uint32_t p = 0; p < stage.partitions; ++p) {
      auto input = std::make_shared<stage_input>();
      input->time = batch.time;
      input->absent = absent;
      input->blocks = std::move(parts[p]);
      out.push_back({stage.id, p, std::move(input), failure});
    }
  }
  return out;
}

} // namespace millrace
