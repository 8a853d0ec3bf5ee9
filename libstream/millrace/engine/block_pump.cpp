#include "millrace/engine/block_pump.hpp"

#include <utility>

namespace millrace {

block_pump::block_pump(block_id first, intake& from, block_source next, block_store& store,
                       duration block_interval, time_point start, pump_effects& effects)
    : from_{from},
      next_{std::move(next)},
      store_{store},
      effects_{effects},
      cut_{block_interval, start, start},
      id_{first} {}

void block_pump::tick(time_point now) {
  if (cut_.due(now))
    cut_now();
  else
    move_blocks();
}

void block_pump::cut_now() {
  // While a block waits for room, what comes in collects in the intake, up to its bound.
  if (!pending_)
    from_.cut();
  move_blocks();
}

void block_pump::move_blocks() {
  for (;;) {
    if (!pending_)
      pending_ = next_();
    if (!pending_)
      break;
    if (!from_.begin_put(*pending_)) {
      pending_.reset();
      continue;
    }
    if (!store_.try_put(id_, pending_->block)) {
      from_.end_put(*pending_, false);
      if (!std::exchange(stalled_, true))
        effects_.store_full(id_.stream);
      return;
    }
    auto taken = *std::exchange(pending_, std::nullopt);
    block_meta meta{id_, taken.block->records(), taken.block->bytes(), taken.position()};
    ++id_.number;
    effects_.stored(meta);
    from_.end_put(taken, true);
  }
  if (std::exchange(finishing_, false))
    effects_.blocks_finished();
}

void block_pump::room_available() {
  stalled_ = false;
  move_blocks();
}

void block_pump::finish() {
  from_.cut();
  finishing_ = true;
  move_blocks();
}

} // namespace millrace
