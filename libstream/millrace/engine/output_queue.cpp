#include "millrace/engine/output_queue.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

bool needs_user_code(const input_gate::ready& input) {
  return !input.failure &&
         std::ranges::none_of(input.input->slots, [](auto& slot) { return !slot; });
}

} // namespace

output_queue::output_queue(const job_plan& plan, failure_policy on_failure,
                           std::shared_ptr<output_runner> runner, job_outlet& outlet,
                           output_effects& effects)
    : on_failure_{on_failure},
      runner_{std::move(runner)},
      outlet_{outlet},
      effects_{effects},
      ready_{plan.outputs.size()} {
  for (auto& output : plan.outputs)
    gates_.emplace_back(output.slots);
}

result<void> output_queue::deliver(output_id output, batch_time time, std::uint32_t slot,
                                   slot_delivery what) {
  auto& gate = gates_.at(output.value());
  if (auto ok = gate.deliver(time, slot, std::move(what)); !ok)
    return ok;
  while (auto next = gate.next())
    ready_[output.value()].push_back(std::move(*next));
  pump();
  return {};
}

void output_queue::pump() {
  while (!running_ && !halted_ && !ready_[next_].empty()) {
    auto input = std::move(ready_[next_].front());
    ready_[next_].pop_front();
    output_id id{next_};
    if (outlet_.listened_to())
      outlet_.post([info = runner_->describe(id, input.input->time)](listener& l) {
        l.on_output_started(info);
      });
    if (needs_user_code(input)) {
      running_ = true;
      effects_.run(id, std::move(input));
      continue;
    }
    ended(runner_->run(id, input));
  }
}

void output_queue::ran(output_runner::outcome outcome) {
  running_ = false;
  ended(std::move(outcome));
  pump();
}

void output_queue::ended(output_runner::outcome outcome) {
  auto& info = outcome.info;
  if (outlet_.listened_to())
    outlet_.post([info](listener& l) { l.on_output_completed(info); });
  auto time = info.time;
  done_.push_back(std::move(info));
  if (outcome.failure)
    add_failure(failure_, {std::move(*outcome.failure), outcome.policy.value_or(on_failure_)});
  if (++next_ < gates_.size())
    return;
  next_ = 0;
  halted_ = failure_ && failure_->policy == failure_policy::stop;
  effects_.done(time, std::exchange(done_, {}), std::exchange(failure_, {}));
}

} // namespace millrace
