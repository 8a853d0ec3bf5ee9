#pragma once

#include "millrace/block/block.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace millrace {

struct intake_options {
  /// Bytes at which a block is cut before its interval is over.
  std::size_t max_block_bytes = std::size_t{4} << 20;
  /// Finished blocks that may wait for the generator before `store` blocks. Spark's block queue
  /// has 10.
  std::size_t max_ready_blocks = 10;
};

/// What an intake needs from the runtime it runs in. All may be called from any receiver thread.
struct intake_link {
  /// Rate limit: how many of `wanted` records (>= 1) may be stored now; blocks until at least one
  /// may. 0: stopping. May throw, and then nothing is stored.
  std::function<std::size_t(std::size_t wanted)> permits;
  /// A block is ready to be popped.
  std::function<void()> ready;
  /// Whether this thread may wait for room; null: every thread. One that pops may not.
  std::function<bool()> may_wait{};
};

/// Where a receiver's records become blocks: receiver threads store, the block generator cuts and
/// pops.
///
/// Thread-safe. Blocks come out in the order in which records went in. At `max_ready_blocks`
/// storing waits until the generator pops, so a full block store slows the source down and loses
/// nothing. After `stop` storing returns false and keeps nothing; what was stored before can still
/// be cut and popped.
class intake {
public:
  explicit intake(intake_options options) : options_{options} {}
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;
  virtual ~intake() = default;

  /// Call once, before the first record.
  void connect(intake_link link);

  /// Block generator: makes a block of what has been stored since the last cut, if anything. While
  /// a producer has the builder, it is asked to cut after its record instead; after `stop` the
  /// producer is waited for, so that a cut then is the last one needed.
  virtual void cut() = 0;

  /// Block generator: the oldest ready block, or null.
  block_ptr pop();

  /// Whether storing a block would have to wait for room now.
  bool is_full() const;

  void stop();
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

protected:
  const intake_options& options() const noexcept { return options_; }

  std::size_t permits(std::size_t wanted) const;

  /// Appends blocks to the ready queue, first waiting for room when `wait` and this thread may. A
  /// stop ends the wait; the blocks, whose records were accepted, are appended all the same.
  void push(std::vector<block_ptr> blocks, bool wait);

private:
  intake_options options_;
  intake_link link_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<block_ptr> ready_;
};

} // namespace millrace
