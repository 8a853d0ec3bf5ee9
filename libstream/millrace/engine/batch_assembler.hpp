#pragma once

#include "millrace/block/block_store.hpp"
#include "millrace/engine/allocated_batch.hpp"
#include "millrace/engine/batch_schedule.hpp"
#include "millrace/engine/block_ledger.hpp"
#include "millrace/engine/pull_inputs.hpp"
#include "millrace/plan/graph.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace millrace {

/// A part of the batch driver: turns ticks and received blocks into batches.
///
/// Owned by the batch driver. Bounds: `max_batches` batches are allocated and not done, and what
/// was pulled for them, but for the last one, is no more than the block store holds. There ticks
/// stay pending and blocks unallocated, so the block store fills and receivers wait. No tick that
/// it is told of is lost or merged.
class batch_assembler {
public:
  batch_assembler(const job_graph& graph, block_store& store, std::size_t max_batches);

  /// A block is in the store. Errors as block_ledger::add_block; the block is then not part of any
  /// batch.
  result<void> stored(const block_meta& block) { return ledger_.add_block(block); }

  /// The ticks from `first` to `through` are due, with what was stored until now. Any between those
  /// told of before and `first` are not; but where 1,000 such gaps wait already they are due too,
  /// so that what is held is bounded.
  void due(batch_time first, batch_time through, duration period);

  /// The oldest due time, if the bounds allow: its batch is open from here on.
  std::optional<batch_time> take_due();

  /// The batch of a time that was taken, from what was pulled and, within the limits of each
  /// stream, what was received.
  result<allocated_batch_ptr> allocate(batch_time time, pulled_inputs pulled,
                                       const job_input_limits& limits = {});

  /// The batch is over: forgets it and frees its blocks. Returns how many those were.
  std::size_t done(batch_time time);

  bool has_unallocated() const noexcept { return ledger_.has_unallocated(); }
  std::uint64_t unallocated_records() const noexcept {
    return ledger_.unallocated_totals().records;
  }
  std::uint64_t held_ticks() const;
  std::size_t batches() const noexcept { return open_.size(); }
  batch_time last() const noexcept { return last_; }

private:
  struct input {
    stream_id stream;
    std::string description;
  };

  std::vector<input> inputs_;
  block_ledger ledger_;
  block_store& store_;
  std::size_t max_batches_;
  std::deque<tick_range> pending_; ///< None of them empty, with gaps between them.
  batch_time last_{};
  struct open_batch {
    batch_time time;
    std::uint64_t pulled_bytes = 0;
  };
  std::vector<open_batch> open_; ///< In the order of their times.
  std::uint64_t pulled_bytes_ = 0;
};

} // namespace millrace
