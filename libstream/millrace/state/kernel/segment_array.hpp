#pragma once

#include "millrace/state/kernel/shared_segments.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::detail {

/// Items with stable 32-bit ids, in segments that can be shared with readers on other threads. Of a
/// shared segment the array copies each item before it first changes it, and the whole segment once
/// a quarter of it has been, unless the readers have let go by then. Ids of erased items are used
/// again, lowest of the segment first.
///
/// Single owner, one thread at a time. References hold until the next call that may add, and for
/// items of a shared segment until the next call that is not const.
template <class T>
class segment_array {
public:
  using id = std::uint32_t;
  static constexpr std::size_t per_segment = segment<T>::most_places;

  segment_array() = default;
  segment_array(segment_array&& other) noexcept { swap(other); }
  segment_array& operator=(segment_array&& other) noexcept {
    segment_array(std::move(other)).swap(*this);
    return *this;
  }

  T& operator[](id at) {
    T* items = writable_[at / per_segment];
    if (!items) [[unlikely]]
      items = make_writable(at / per_segment, at % per_segment);
    return items[at % per_segment];
  }
  const T& operator[](id at) const { return readable_[at / per_segment][at % per_segment]; }

  /// Null if the item's segment may be shared.
  T* unshared(id at) {
    T* const items = writable_[at / per_segment];
    return items != nullptr ? items + at % per_segment : nullptr;
  }

  bool contains(id at) const {
    return at < bound_ && segments_[at / per_segment]->taken(at % per_segment);
  }

  std::size_t size() const { return bound_ - freed_; }
  /// All ids are below.
  id bound() const { return static_cast<id>(bound_); }

  /// Adds T{args...}. On an exception nothing has changed.
  template <class... Args>
  id emplace(Args&&... args) {
    if (freed_ != 0)
      return reuse(std::forward<Args>(args)...);
    const std::size_t number = bound_ / per_segment;
    make_place(number);
    add(number, bound_ % per_segment, std::forward<Args>(args)...);
    return static_cast<id>(bound_++);
  }

  /// Throws nothing unless the item is shared and has not been changed since.
  void erase(id at) {
    const std::size_t number = at / per_segment;
    if (!writable_[number])
      make_writable(number, at % per_segment);
    if (free_in_[number] == 0)
      open_.push_back(static_cast<std::uint32_t>(number));
    segments_[number]->erase(at % per_segment);
    ++free_in_[number];
    ++freed_;
  }

  /// f(id, T&) in order of ids; f may erase the item it is given.
  template <class F>
  void for_each(F f) {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (!writable_[i])
        unshare(i);
      segments_[i]->for_each(
          [&](std::size_t at, T& item) { f(static_cast<id>(i * per_segment + at), item); });
    }
  }
  template <class F>
  void for_each(F f) const {
    for (std::size_t i = 0; i < segments_.size(); ++i)
      std::as_const(*segments_[i]).for_each([&](std::size_t at, const T& item) {
        f(static_cast<id>(i * per_segment + at), item);
      });
  }

  /// All items as they are now. Costs the number of segments.
  shared_segments<T> share() {
    std::vector<segment_share<T>> all;
    all.reserve(segments_.size());
    for (std::size_t i = 0; i < segments_.size(); ++i)
      all.push_back(share(i));
    return shared_segments<T>{std::move(all)};
  }

  /// One segment, number `number`.
  segment_share<T> share(std::size_t number) {
    static_assert(std::is_copy_constructible_v<T>, "items that are shared must be copyable");
    writable_[number] = nullptr;
    const std::uint32_t share = segments_[number]->begin_share();
    return {segments_[number], share};
  }

  std::size_t memory_bytes() const {
    std::size_t remembered = 0;
    for (const auto& each : segments_)
      remembered += each->remembered_bytes();
    return remembered + item_bytes_ + (pool_ ? pool_->memory_bytes() : 0) +
           segments_.capacity() * sizeof(segments_[0]) + 2 * writable_.capacity() * sizeof(T*) +
           (free_in_.capacity() + open_.capacity()) * sizeof(std::uint32_t);
  }

private:
  static constexpr std::size_t first_places = std::min<std::size_t>(32, per_segment);
  /// Items of a shared segment; beyond that it is cheaper to copy it.
  static constexpr std::size_t most_remembered = per_segment / 4;
  /// What of the array lies beyond so many bytes is worth huge pages.
  static constexpr std::size_t pooled_from = std::size_t{8} << 20;

  void swap(segment_array& other) noexcept {
    pool_.swap(other.pool_);
    segments_.swap(other.segments_);
    writable_.swap(other.writable_);
    readable_.swap(other.readable_);
    free_in_.swap(other.free_in_);
    open_.swap(other.open_);
    std::swap(bound_, other.bound_);
    std::swap(freed_, other.freed_);
    std::swap(item_bytes_, other.item_bytes_);
  }

  /// Only the first segment starts small and grows, so that a small array is small.
  void make_place(std::size_t number) {
    if (number == segments_.size()) {
      segments_.reserve(room_for(segments_));
      writable_.reserve(room_for(writable_));
      readable_.reserve(room_for(readable_));
      free_in_.reserve(room_for(free_in_));
      open_.reserve(free_in_.capacity());
      segment_ptr<T> added = make_segment(number, number == 0 ? first_places : per_segment);
      segments_.push_back({});
      writable_.push_back(nullptr);
      readable_.push_back(nullptr);
      free_in_.push_back(0);
      set(number, std::move(added));
    } else if (bound_ % per_segment == segments_[number]->places()) {
      replace(number, segments_[number]->places() * 2);
    }
  }

  template <class Vector>
  static std::size_t room_for(const Vector& v) {
    return v.size() < v.capacity() ? v.capacity() : std::max<std::size_t>(8, v.size() * 3 / 2);
  }

  template <class... Args>
  id reuse(Args&&... args) {
    const std::size_t number = open_.back();
    const std::size_t at = segments_[number]->first_free();
    add(number, at, std::forward<Args>(args)...);
    --freed_;
    if (--free_in_[number] == 0)
      open_.pop_back();
    return static_cast<id>(number * per_segment + at);
  }

  template <class... Args>
  void add(std::size_t number, std::size_t place, Args&&... args) {
    if (!writable_[number]) [[unlikely]]
      make_writable(number, place);
    segments_[number]->emplace(place, std::forward<Args>(args)...);
  }

  /// The items of a segment, of which this one may be changed now. Takes no memory for an item that
  /// was changed since the segment was last shared: so undoing a change cannot fail.
  [[gnu::noinline]] T* make_writable(std::size_t number, std::size_t place) {
    segment<T>& shared = *segments_[number];
    if (shared.only_owner())
      return unshare(number);
    if (!shared.remembers(place)) {
      if (shared.remembered() >= most_remembered)
        return unshare(number);
      shared.remember(place);
    }
    return shared.items();
  }

  T* unshare(std::size_t number) {
    if (segments_[number]->only_owner()) {
      segments_[number]->forget();
      writable_[number] = segments_[number]->items();
    } else {
      replace(number, segments_[number]->places());
    }
    return writable_[number];
  }

  void replace(std::size_t number, std::size_t places) {
    segment_ptr<T> copy = make_segment(number, places);
    copy->take(*segments_[number]);
    item_bytes_ -= segments_[number]->memory_bytes();
    set(number, std::move(copy));
  }

  /// Those of a large array lie in huge pages.
  segment_ptr<T> make_segment(std::size_t number, std::size_t places) {
    if constexpr (segment<T>::can_be_pooled)
      if (number * segment<T>::piece_bytes >= pooled_from) {
        if (!pool_)
          pool_ = std::make_shared<piece_pool>(segment<T>::piece_bytes);
        return segment_ptr<T>{new segment<T>(pool_)};
      }
    return segment_ptr<T>{new segment<T>(places)};
  }

  void set(std::size_t number, segment_ptr<T> to) {
    item_bytes_ += to->memory_bytes();
    readable_[number] = writable_[number] = to->items();
    segments_[number] = std::move(to);
  }

  std::shared_ptr<piece_pool> pool_; // null while the array is small
  std::vector<segment_ptr<T>> segments_;
  std::vector<T*> writable_;       // null while the segment may be shared
  std::vector<const T*> readable_; // the items of each segment
  std::vector<std::uint32_t> free_in_;
  std::vector<std::uint32_t> open_; // segments with ids to use again
  std::size_t bound_ = 0;
  std::size_t freed_ = 0;
  std::size_t item_bytes_ = 0;
};

} // namespace millrace::detail
