#pragma once

#include "millrace/block/block.hpp"
#include "millrace/intake/store_receipt.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace millrace {

struct intake_options {
  /// Bytes at which a block is cut before its interval is over.
  std::size_t max_block_bytes = std::size_t{4} << 20;
  /// Finished blocks that may wait for the generator before `store` blocks, and stores that may
  /// wait for their callbacks. Spark's block queue has 10.
  std::size_t max_ready_blocks = 10;
};

/// What an intake needs from the runtime it runs in. All may be called from any receiver thread.
struct intake_link {
  /// Rate limit: how many of `wanted` records (>= 1) may be stored now; blocks until at least one
  /// may. 0: stopping. May throw, and then nothing is stored.
  std::function<std::size_t(std::size_t wanted)> permits;
  /// A block is ready to be popped.
  std::function<void()> ready;
  /// Whether this thread may wait for what the one that pops does; null: every thread. That one
  /// itself may not.
  std::function<bool()> may_wait{};
  /// There will be callbacks. May throw, and then nothing is stored.
  std::function<void()> before_callbacks{};
  /// Has `run_callbacks` called on a thread where user code may run, without waiting for it. Null:
  /// they run on the thread that pops, which also calls `run_callbacks` from time to time.
  std::function<void()> call_back{};
};

/// A block on its way from an intake to the block store.
struct ready_block {
  block_ptr block;
  /// Of records that were stored at once; else null.
  std::shared_ptr<store_receipt> receipt{};

  source_position position() const { return receipt ? receipt->position : source_position{}; }
};

/// Where a receiver's records become blocks: receiver threads store, the block generator cuts and
/// pops.
///
/// Thread-safe. Blocks come out in the order in which records went in. At `max_ready_blocks`
/// storing waits until the generator pops, so a full block store slows the source down and loses
/// nothing. After `stop` storing returns false and keeps nothing; what was stored before can still
/// be cut and popped.
///
/// Records that are stored at once may have a receipt: by it a thread waits until they are in the
/// block store, or is called back. What a thread waits for is withdrawn when its wait is cut short,
/// so that it always knows whether the records are stored.
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

  /// Block generator: the oldest ready block, if there is one.
  std::optional<ready_block> pop();

  /// Block generator: a popped block is about to be put into the store. False: it has been
  /// withdrawn, and is to be dropped.
  bool begin_put(const ready_block& block);

  /// Block generator: what came of that. A block that the store has not taken may be put again.
  void end_put(const ready_block& block, bool stored);

  /// Block generator: it is gone, and nothing will be popped or called back any more.
  void abandon();

  /// Whether storing a block would have to wait for room now.
  bool is_full() const;

  /// Whether the records of this receipt, which `store` has taken, are in the block store, after
  /// waiting for it. False: a stop or `end_waits` came first, and they are withdrawn. A thread that
  /// may not wait is told at once that they were accepted.
  bool wait_until_stored(store_receipt& receipt);

  /// Before a store with a callback: waits while `max_ready_blocks` of them have not returned.
  /// False: a stop or `end_waits` came first. Throws `limit_exceeded` instead of waiting on a
  /// thread that may not wait or that runs the callbacks.
  bool wait_for_callbacks();

  /// Runs, in the order of the stores, the callbacks of what has been stored, except while another
  /// thread does so. They must not throw.
  void run_callbacks();

  /// Until `allow_waits`, no storing thread waits for the one that pops: that one is about to wait
  /// for storing threads.
  void end_waits();
  void allow_waits();

  void stop();
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

protected:
  const intake_options& options() const noexcept { return options_; }

  std::size_t permits(std::size_t wanted) const;

  /// Appends blocks to the ready queue, first waiting for room when `wait` and this thread may. A
  /// stop ends the wait; the blocks, whose records were accepted, are appended all the same. The
  /// receipt is for the last of them; without any, there is nothing to wait for before it.
  void push(std::vector<block_ptr> blocks, bool wait,
            std::shared_ptr<store_receipt> receipt = nullptr);

private:
  bool may_wait() const { return !link_.may_wait || link_.may_wait(); }
  bool waits_are_over() const { return stopped() || waits_ended_; }
  std::size_t callbacks_left() const;

  intake_options options_;
  intake_link link_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::condition_variable room_;   ///< For blocks, or for receipts with a callback.
  std::condition_variable stored_; ///< A receipt has changed, or waits are over.
  std::deque<ready_block> ready_;
  /// Those with a callback that has not begun, in the order of the stores.
  std::deque<std::shared_ptr<store_receipt>> to_call_;
  std::thread::id calling_{}; ///< Runs callbacks now.
  bool waits_ended_ = false;
  bool abandoned_ = false;
};

} // namespace millrace
