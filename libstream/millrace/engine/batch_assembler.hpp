#pragma once

#include "millrace/block/block_store.hpp"
#include "millrace/engine/allocated_batch.hpp"
#include "millrace/engine/batch_schedule.hpp"
#include "millrace/engine/block_ledger.hpp"
#include "millrace/plan/graph.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <set>

namespace millrace {

/// What the pull sources of a job gave for one batch time, in any order.
struct pulled_inputs {
  struct entry {
    stream_id stream;
    std::optional<std::vector<block_ptr>> blocks;
  };
  std::vector<entry> streams;
};

/// The pull sources of a job. `pull` is called once for each batch, in order, from one thread at a
/// time, whichever that is.
///
/// A source that fails takes nothing along: what others have given for that batch comes with the
/// next one, and those that have not been asked have their records still. The source that failed is
/// asked first then, so no more is kept than what the sources give for one batch.
class pull_inputs {
public:
  explicit pull_inputs(const job_graph& graph);

  /// Throws what a source throws.
  void start(batch_time now, const logger& log) const;
  /// Whether any of them may block.
  bool block() const;
  /// An error names the source.
  result<pulled_inputs> pull(batch_time time) const;

private:
  struct input {
    stream_id stream;
    std::string description;
    std::shared_ptr<pull_source> source;
    std::vector<block_ptr> kept = {}; ///< Of a batch that another input failed.
  };
  static std::optional<std::vector<block_ptr>> pull_from(input& in, batch_time time);
  void take_back(const pulled_inputs& given) const;

  /// As they are asked; changed by `pull` alone.
  mutable std::vector<input> inputs_;
};

/// A part of the batch driver: turns ticks and received blocks into batches.
///
/// Owned by the batch driver. At most `max_batches` batches are allocated and not done; at that
/// bound ticks stay pending and blocks unallocated, so the block store fills and receivers wait. No
/// tick that it is told of is lost or merged.
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

  /// The oldest due time, if the bound allows: its batch is open from here on.
  std::optional<batch_time> take_due();

  /// The batch of a time that was taken, from what was received and pulled.
  result<allocated_batch_ptr> allocate(batch_time time, pulled_inputs pulled);

  /// Both steps, with the pull sources asked between them; an error is theirs, and the batch counts
  /// as allocated with every stream absent.
  std::optional<result<allocated_batch_ptr>> next();

  const std::shared_ptr<const pull_inputs>& pulls() const noexcept { return pulls_; }

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
  std::shared_ptr<const pull_inputs> pulls_;
  block_ledger ledger_;
  block_store& store_;
  std::size_t max_batches_;
  std::deque<tick_range> pending_; ///< None of them empty, with gaps between them.
  batch_time last_{};
  std::set<batch_time> open_;
};

} // namespace millrace
