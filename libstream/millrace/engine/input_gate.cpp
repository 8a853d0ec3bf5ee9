#include "millrace/engine/input_gate.hpp"

namespace millrace {

result<void> input_gate::deliver(batch_time time, std::uint32_t slot, slot_delivery what) {
  if (slot >= slots_)
    return fail(errc::internal, "slot " + std::to_string(slot) + " of " + std::to_string(slots_) +
                                    " delivered but unknown for batch " + to_string(time));
  if (released_ && time <= *released_)
    return fail(errc::internal, "slot " + std::to_string(slot) + " delivered for batch " +
                                    to_string(time) + ", which is complete up to " +
                                    to_string(*released_));
  auto& batch = open_[time];
  if (!batch.input) {
    batch.input = std::make_shared<stage_input>();
    batch.input->time = time;
    batch.input->slots.resize(slots_);
    batch.seen.resize(slots_);
    batch.missing = slots_;
  }
  if (batch.seen[slot])
    return fail(errc::internal, "slot " + std::to_string(slot) + " of " + std::to_string(slots_) +
                                    " delivered twice for batch " + to_string(time));
  batch.seen[slot] = true;
  batch.input->slots[slot] = std::move(what.data);
  if (what.failure && !batch.failure)
    batch.failure = std::move(what.failure);
  --batch.missing;
  return {};
}

std::optional<input_gate::ready> input_gate::next() {
  if (open_.empty() || open_.begin()->second.missing != 0)
    return std::nullopt;
  auto batch = std::move(open_.begin()->second);
  released_ = open_.begin()->first;
  open_.erase(open_.begin());
  return ready{std::move(batch.input), std::move(batch.failure)};
}

} // namespace millrace
