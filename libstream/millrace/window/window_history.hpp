#pragma once

#include "millrace/base/time.hpp"
#include "millrace/window/value_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace millrace::detail {

/// Throws stream_error(invalid_argument) unless `length` is positive.
duration checked_window_length(duration length);

/// Throw stream_error(illegal_state): batches of a window came out of order; none has been begun.
[[noreturn]] void throw_batch_order(batch_time present, batch_time next);
[[noreturn]] void throw_no_batch();

/// What came into a time window, a batch an item, oldest first; an item is in the window of a batch
/// until its time is no later than the batch's less the window's length. Items that leave are kept
/// until `commit`, so that `rollback` can bring them back and drop those that came since.
///
/// `Item` has a batch_time `time` and moves without throwing. Single owner. Bound: 2^30 items, then
/// stream_error(limit_exceeded).
template <class Item>
class window_history {
public:
  explicit window_history(duration length) : length_{checked_window_length(length)} {}

  duration length() const noexcept { return length_; }
  /// The batch begun last. Throws stream_error(illegal_state) when none is open.
  batch_time now() const {
    if (!open_)
      throw_no_batch();
    return *now_;
  }

  /// Moves on to a batch; several batches may be begun before they are committed together. Throws
  /// stream_error(illegal_state) unless it is later than the one before, and changes nothing then.
  void begin(batch_time now) {
    if (now_ && now <= *now_)
      throw_batch_order(*now_, now);
    const batch_time cutoff = now - length_;
    if (!std::exchange(open_, true))
      before_ = now_;
    now_ = now;
    cutoff_ = cutoff;
  }

  /// The oldest item if the present batch's window no longer contains it, else null.
  Item* expired() noexcept {
    const std::uint32_t oldest = first();
    return oldest != last() && items_[oldest].time <= cutoff_ ? &items_[oldest] : nullptr;
  }

  /// Takes the oldest item out of the window. A pointer to it holds until the next `make_room`.
  void evict() noexcept { ++evicted_; }

  /// Makes sure that `add` has room.
  void make_room() { items_.make_room(); }

  /// Adds an item of the present batch.
  Item& add(Item item) noexcept {
    items_.push_back(std::move(item));
    ++added_;
    return items_[items_.last() - 1];
  }

  /// Forgets what left, passing each item to `recycle(Item&)`.
  template <class Recycle>
  void commit(Recycle recycle) noexcept {
    for (; evicted_ != 0; --evicted_) {
      recycle(items_[items_.first()]);
      items_.pop_front();
    }
    items_.shrink();
    added_ = 0;
    open_ = false;
  }

  /// Back to the last commit. Whether there was anything to undo.
  template <class Recycle>
  bool rollback(Recycle recycle) noexcept {
    if (!std::exchange(open_, false))
      return false;
    for (; added_ != 0; --added_) {
      recycle(items_[items_.last() - 1]);
      items_.pop_back();
    }
    evicted_ = 0;
    now_ = before_;
    return true;
  }

  /// Calls `f(const Item&)` for the items of the window, oldest first.
  template <class F>
  void for_each(F f) const {
    for (std::uint32_t at = first(); at != last(); ++at)
      f(items_[at]);
  }

  /// Items are also named by position, those that the open batches evicted included: the oldest of
  /// the window, and one behind the newest. A position stays the same while its item is kept;
  /// compare positions for equality only.
  std::uint32_t first() const noexcept { return items_.first() + evicted_; }
  std::uint32_t last() const noexcept { return items_.last(); }
  Item& operator[](std::uint32_t position) noexcept { return items_[position]; }

  std::size_t size() const noexcept { return items_.size() - evicted_; }
  std::size_t memory_bytes() const noexcept { return items_.memory_bytes(); }

private:
  duration length_;
  value_ring<Item> items_;
  std::uint32_t evicted_ = 0;
  std::uint32_t added_ = 0;
  bool open_ = false;
  std::optional<batch_time> now_;
  std::optional<batch_time> before_;
  batch_time cutoff_;
};

} // namespace millrace::detail
