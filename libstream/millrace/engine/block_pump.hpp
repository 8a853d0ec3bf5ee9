#pragma once

#include "millrace/block/block_builder.hpp"
#include "millrace/block/block_store.hpp"
#include "millrace/engine/block_ledger.hpp"
#include "millrace/intake/intake.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace millrace {

/// What a runtime does for a block pump.
class pump_effects {
public:
  virtual ~pump_effects() = default;

  /// The block is in the store. To the batch driver, blocks of a stream in the order of their
  /// numbers.
  virtual void stored(const block_meta& block) = 0;

  /// The store has no room for the next block. To the batch driver; answered, when blocks have been
  /// released: -> block_pump::room_available
  virtual void store_full(stream_id stream) = 0;

  /// Everything that the intake had at `finish` is in the store.
  virtual void blocks_finished() = 0;
};

/// The way of a receiver's blocks: cut from its intake at each block interval, numbered, and put
/// into the block store, in order. At a full store blocks stay with the intake, whose bound makes
/// the receiver wait; nothing is dropped. Who waits for a block, or is to be called back, hears of
/// it after the driver.
///
/// Owned by one thread at a time (a block generator).
class block_pump {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The oldest block that may be stored now, if there is one.
  using block_source = std::function<std::optional<ready_block>()>;

  /// All that is given by reference must outlive the pump. Block intervals are counted from
  /// `start`, blocks from `first` on.
  block_pump(block_id first, intake& from, block_source next, block_store& store,
             duration block_interval, time_point start, pump_effects& effects);
  block_pump(const block_pump&) = delete;
  block_pump& operator=(const block_pump&) = delete;
  ~block_pump() { from_.abandon(); }

  /// The time has come to where `deadline` was, or later: cuts what has come in since the last cut.
  void tick(time_point now);

  /// When `tick` has something to do next.
  time_point deadline() const noexcept { return cut_.deadline(); }

  /// As `tick`, whatever the time.
  void cut_now();

  /// The intake has a block ready.
  void move_blocks();

  void room_available();

  /// No more records come in: `blocks_finished` when all blocks are in the store.
  void finish();

private:
  intake& from_;
  block_source next_;
  block_store& store_;
  pump_effects& effects_;
  block_cut_policy cut_;
  block_id id_; ///< Of the next block.
  std::optional<ready_block> pending_;
  bool stalled_ = false; ///< The driver knows that this pump waits for room.
  bool finishing_ = false;
};

} // namespace millrace
