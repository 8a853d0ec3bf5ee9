#pragma once

#include "millrace/window/daba_lite.hpp"
#include "millrace/window/running_fold.hpp"
#include "millrace/window/window_history.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace millrace {

namespace detail {

/// A fold without inverse: after a rollback it is made anew from the window's values.
template <class V, class Combine>
class recombined {
public:
  explicit recombined(Combine combine) : window_{std::move(combine)} {}

  void push(const V& newest) { window_.push(newest); }
  void pop(const V&) { window_.pop(); }
  std::optional<V> query() const { return window_.query(); }
  void commit() noexcept {}
  bool rollback() noexcept { return false; }
  void clear() noexcept { window_.clear(); }
  std::size_t memory_bytes() const noexcept { return window_.memory_bytes(); }

private:
  daba_lite<V, Combine> window_;
};

/// A fold with inverse: a rollback puts the value of the last commit back, to the bit.
template <class V, class Combine, class Inverse>
class subtracted {
public:
  subtracted(Combine combine, Inverse inverse) : window_{std::move(combine), std::move(inverse)} {}

  void push(const V& newest) {
    keep();
    window_.push(newest);
  }
  void pop(const V& oldest) {
    keep();
    window_.pop(oldest);
  }
  std::optional<V> query() const { return window_.query(); }
  void commit() noexcept { changed_ = false; }
  bool rollback() noexcept {
    if (std::exchange(changed_, false))
      window_.restore(std::exchange(kept_, std::nullopt), kept_size_);
    return true;
  }
  void clear() noexcept { window_.clear(); }
  std::size_t memory_bytes() const noexcept { return sizeof(*this); }

private:
  void keep() {
    if (changed_)
      return;
    kept_ = window_.query();
    kept_size_ = window_.size();
    changed_ = true;
  }

  running_fold<V, Combine, Inverse> window_;
  bool changed_ = false;
  std::optional<V> kept_;
  std::size_t kept_size_ = 0;
};

/// What `window_fold` and `inverse_window_fold` are.
template <class V, class Fold>
class basic_window_fold {
public:
  /// Moves on to the batch of `now` and lets go of values that are `length` old or older. Throws
  /// stream_error(illegal_state) unless it is later than the batch before.
  void begin(batch_time now) {
    repair();
    history_.begin(now);
    while (const item* oldest = history_.expired()) {
      fold_.pop(oldest->value);
      history_.evict();
    }
  }

  /// Adds the value of the batch begun last; nothing for a batch without data.
  void push(std::optional<V> value) {
    const batch_time now = history_.now();
    if (!value)
      return;
    history_.make_room();
    fold_.push(*value);
    history_.add({now, std::move(*value)});
  }

  /// The values of the window combined, oldest first; nothing when there are none.
  std::optional<V> query() {
    repair();
    return fold_.query();
  }

  /// Makes all since the last commit final.
  void commit() noexcept {
    history_.commit([](item&) {});
    fold_.commit();
  }

  /// Back to the last commit, after an exception of a function or instead of a commit; calls no
  /// function. What has to be made anew is so in the next `begin` or `query`.
  void rollback() noexcept {
    if (history_.rollback([](item&) {}) && !fold_.rollback())
      damaged_ = true;
  }

  /// Calls `f(batch_time, const V&)` for the values of the window, oldest first: what a checkpoint
  /// keeps. Beginning, pushing and committing them again in that order restores the window.
  template <class F>
  void for_each_batch(F f) const {
    history_.for_each([&](const item& each) { f(each.time, each.value); });
  }

  duration length() const noexcept { return history_.length(); }
  /// Values in the window.
  std::size_t size() const noexcept { return history_.size(); }
  /// Memory held; not what the values own.
  std::size_t memory_bytes() const noexcept {
    return sizeof(*this) + history_.memory_bytes() + fold_.memory_bytes();
  }

protected:
  basic_window_fold(duration length, Fold fold) : history_{length}, fold_{std::move(fold)} {}

private:
  struct item {
    batch_time time;
    V value;
  };

  void repair() {
    if (!damaged_)
      return;
    fold_.clear();
    history_.for_each([&](const item& each) { fold_.push(each.value); });
    damaged_ = false;
  }

  window_history<item> history_;
  Fold fold_;
  bool damaged_ = false;
};

} // namespace detail

/// The values of the batches of the last `length`, one a batch at most, combined in order: one
/// partition of `reduce_by_window`. Batches may be missing, and several may be begun before one
/// query and commit, as with a slide of several batches.
///
/// At most 3 calls of the function per value that comes, 2 per value that goes and 1 per query,
/// whatever the length (`daba_lite`). Memory: twice the window's values. Single owner. After an
/// exception of the function call `rollback`, and the batch may be tried again; the first `begin`
/// or `query` after it combines the window anew, with calls of the function that the same values
/// have not seen before (a function that is associative only nearly, as floating-point addition,
/// may round differently). Bound: 2^30 values.
template <class V, combines<V> Combine>
class window_fold : public detail::basic_window_fold<V, detail::recombined<V, Combine>> {
public:
  explicit window_fold(duration length, Combine combine = {})
      : detail::basic_window_fold<V, detail::recombined<V, Combine>>{
            length, detail::recombined<V, Combine>{std::move(combine)}} {}
};

/// As `window_fold`, with an inverse (`running_fold`): one call for each value that comes or goes,
/// none per query; after a rollback the value is the one of the last commit, to the bit.
template <class V, combines<V> Combine, combines<V> Inverse>
class inverse_window_fold
    : public detail::basic_window_fold<V, detail::subtracted<V, Combine, Inverse>> {
public:
  explicit inverse_window_fold(duration length, Combine combine = {}, Inverse inverse = {})
      : detail::basic_window_fold<V, detail::subtracted<V, Combine, Inverse>>{
            length,
            detail::subtracted<V, Combine, Inverse>{std::move(combine), std::move(inverse)}} {}
};

} // namespace millrace
