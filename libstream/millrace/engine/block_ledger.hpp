#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/ids.hpp"
#include "millrace/base/time.hpp"
#include "millrace/intake/input_limits.hpp"
#include "millrace/intake/store_receipt.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace millrace {

/// What the control side knows of a block: never its bytes.
struct block_meta {
  block_id id;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  /// Where the source stood after these records; empty unless the receiver said so.
  source_position position{};

  friend bool operator==(const block_meta&, const block_meta&) = default;
};

/// A number of blocks and what is in them.
struct block_totals {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const block_totals&, const block_totals&) = default;
};

/// The blocks that make up one batch, for each input stream in the order of their arrival.
/// Immutable and shared; every stream of the job has an entry, possibly without blocks.
struct batch_allocation {
  batch_time time;
  std::map<stream_id, std::vector<block_meta>> streams;
  block_totals totals;

  /// The blocks of one stream; none for a stream that the job does not have.
  [[nodiscard]] std::span<const block_meta> of(stream_id stream) const;
};

using batch_allocation_ptr = std::shared_ptr<const batch_allocation>;

/// Who has received what and which batch it belongs to: received, allocated, done.
/// Owned by one thread at a time (in a job, by the batch driver). A block is in exactly one place:
/// unallocated, or in the one batch that `allocate` gave it to, until `done` forgets that batch.
/// Pure memory: what must survive a crash is logged by the owner before it calls here. Bounds:
/// `max_unallocated` blocks, more are refused; batches are bounded by whoever admits them.
class block_ledger {
public:
  static constexpr std::size_t default_max_unallocated = std::size_t{1} << 20;

  explicit block_ledger(std::span<const stream_id> streams,
                        std::size_t max_unallocated = default_max_unallocated);

  /// Records a received block. Nothing changes on errors: `not_found` for a stream that the job
  /// does not have, `already_exists` for a block that is known, `limit_exceeded` at the bound.
  [[nodiscard]] result<void> add_block(const block_meta& block);

  /// The batches up to `t` are due: a block that is added from now on is for later ones, however
  /// long they wait for their allocation. Does nothing for a time that was closed before.
  void close(batch_time t);

  /// Gives what is unallocated of every stream, oldest first and within the stream's limits, to
  /// batch `t`, but for blocks that were added after it was closed. Asked again for a batch that is
  /// not done, it gives the same blocks. `illegal_state` for any other `t` that is not later than
  /// the last: such a batch is done or was passed over, and blocks that arrived later must not slip
  /// into it.
  [[nodiscard]] result<batch_allocation_ptr> allocate(batch_time t,
                                                      const job_input_limits& limits = {});

  /// The batch's blocks, or null when it is not allocated or done.
  [[nodiscard]] batch_allocation_ptr blocks_of(batch_time t) const;

  /// The batch is complete: forgets it and returns the blocks that can be released. Nothing for a
  /// batch that is not known.
  [[nodiscard]] std::vector<block_id> done(batch_time t);

  /// Blocks of the stream that are not allocated, oldest first.
  [[nodiscard]] std::vector<block_meta> unallocated(stream_id stream) const;

  [[nodiscard]] const block_totals& unallocated_totals() const noexcept { return unallocated_; }

  [[nodiscard]] bool has_unallocated() const noexcept { return unallocated_.blocks > 0; }

  /// Batches allocated and not done.
  [[nodiscard]] std::size_t batches() const noexcept { return batches_.size(); }

  [[nodiscard]] std::optional<batch_time> last_allocated() const noexcept {
    return last_allocated_;
  }

private:
  struct received_block {
    block_meta meta;
    std::optional<batch_time> after; ///< It is for batches later than this.
  };

  std::size_t max_unallocated_;
  std::map<stream_id, std::deque<received_block>> received_;
  std::optional<batch_time> closed_;
  block_totals unallocated_;
  std::set<block_id> known_; // unallocated or in a batch that is not done
  std::map<batch_time, batch_allocation_ptr> batches_;
  std::optional<batch_time> last_allocated_;
};

} // namespace millrace
