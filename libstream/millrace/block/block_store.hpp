#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/ids.hpp"
#include "millrace/block/block.hpp"
#include "millrace/block/block_ref.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <stop_token>

namespace millrace {

/// The bounds of a block store.
struct block_store_options {
  /// Sum of `block::bytes`. Larger: more room for a burst before receivers are slowed down.
  std::size_t max_bytes = std::size_t{256} << 20;
  /// Number of blocks, so that a flood of tiny ones is bounded as well.
  std::size_t max_blocks = std::size_t{1} << 16;
};

[[nodiscard]] result<void> validate(const block_store_options& options);

/// What the store holds, now and at most.
struct block_store_stats {
  std::size_t bytes = 0;
  std::size_t blocks = 0;
  /// Callers of `put` that wait for room now.
  std::size_t waiting = 0;
  /// The largest `bytes` there ever was.
  std::size_t bytes_max = 0;
  /// How many calls of `put` ever had to wait.
  std::uint64_t waits = 0;
};

/// Keeps received blocks from the moment they are reported until their batch is done. Its bound is
/// what makes a receiver wait when processing falls behind.
/// The one class of libstream that is thread-safe on purpose: receivers put, batch tasks get, the
/// batch driver releases. When `put` returns well, `get` finds the block on every thread.
/// At the bound `put` waits, first come first served, and `try_put` refuses; nothing is dropped. A
/// block that alone is over the byte bound is let in when the store is empty. Memory only: what it
/// holds is lost with the process.
class block_store final : public block_source {
public:
  /// Called, outside of any lock and on the thread that puts, when a `put` begins to wait. Must not
  /// throw.
  using wait_observer = std::function<void(const block_store_stats&)>;

  /// Throws `stream_error` if the options are not valid.
  explicit block_store(block_store_options options = {}, wait_observer on_wait = {});

  block_store(const block_store&) = delete;
  block_store& operator=(const block_store&) = delete;

  /// Stores the block, waiting for room if there is none. A stop request ends the wait
  /// (`cancelled`, nothing stored); with room, the block is stored in spite of one, so that the
  /// last blocks of a stopping receiver get in. Other errors: `invalid_argument` for null,
  /// `already_exists` for a known id; both leave everything as it was.
  [[nodiscard]] result<void> put(block_id id, block_ptr stored, std::stop_token stop);

  /// As `put`, but `limit_exceeded` instead of waiting; also while others wait.
  [[nodiscard]] result<void> try_put(block_id id, block_ptr stored);

  /// The block, or null if it is not here (any more).
  [[nodiscard]] block_ptr get(block_id id) const;

  [[nodiscard]] block_ptr fetch(block_id id) const override { return get(id); }

  /// Forgets the blocks; ids that are not here are passed over. Returns how many were. Who still
  /// holds one of the blocks keeps it.
  std::size_t release(std::span<const block_id> ids);

  [[nodiscard]] std::size_t bytes() const { return stats().bytes; }

  [[nodiscard]] std::size_t max_bytes() const noexcept { return options_.max_bytes; }

  [[nodiscard]] std::size_t blocks() const { return stats().blocks; }

  [[nodiscard]] std::size_t waiting() const { return stats().waiting; }

  [[nodiscard]] block_store_stats stats() const;

private:
  [[nodiscard]] bool has_room(std::size_t bytes) const;
  [[nodiscard]] result<void> check(block_id id, const block_ptr& stored) const;
  void insert(block_id id, block_ptr stored);

  const block_store_options options_;
  const wait_observer on_wait_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<block_id, block_ptr> blocks_;
  std::deque<std::uint64_t> queue_; // tickets of those who wait, oldest first
  std::uint64_t next_ticket_ = 0;
  std::size_t bytes_ = 0;
  std::size_t bytes_max_ = 0;
};

} // namespace millrace
