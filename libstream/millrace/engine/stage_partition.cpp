#include "millrace/engine/stage_partition.hpp"

#include <utility>

namespace millrace {

stage_partition::stage_partition(std::shared_ptr<stage_chain> chain, std::uint32_t partition,
                                 std::uint32_t max_failures, job_outlet& outlet,
                                 partition_effects& effects)
    : chain_{std::move(chain)},
      max_failures_{max_failures},
      outlet_{outlet},
      label_{to_string(chain_->head().id)},
      effects_{effects},
      gate_{chain_->head().slots_in(partition)} {}

void stage_partition::run(input_gate::ready input) {
  ready_.push_back(std::move(input));
  pump();
}

result<void> stage_partition::deliver(batch_time time, std::uint32_t slot, slot_delivery what) {
  if (auto ok = gate_.deliver(time, slot, std::move(what)); !ok)
    return ok;
  while (auto next = gate_.next())
    ready_.push_back(std::move(*next));
  pump();
  return {};
}

void stage_partition::task_done(batch_time time, stage_chain::run& batch) {
  running_ = false;
  const auto busy = std::chrono::duration_cast<std::chrono::microseconds>(batch.busy());
  outlet_.metrics()->add("stage_records_total", label_, batch.records());
  outlet_.metrics()->add("stage_busy_microseconds_total", label_,
                         static_cast<std::uint64_t>(busy.count()));
  send_results(time, batch);
  pump();
}

/// What has nothing to compute is done here, without a task.
void stage_partition::pump() {
  while (!running_ && !ready_.empty()) {
    auto time = ready_.front().input->time;
    stage_chain::run batch{std::move(ready_.front())};
    ready_.erase(ready_.begin());
    while (!chain_->ended(batch) && chain_->idle(batch))
      chain_->step(batch, max_failures_);
    if (chain_->ended(batch)) {
      send_results(time, batch);
      continue;
    }
    running_ = true;
    effects_.run_task(time, std::move(batch));
  }
}

void stage_partition::send_results(batch_time time, stage_chain::run& from) {
  chain_->route(
      from, [&](const stage_edge& edge, std::uint32_t target, std::uint32_t slot,
                slot_delivery what) { effects_.send(edge, target, time, slot, std::move(what)); });
}

} // namespace millrace
