#pragma once

#include "millrace/state/memory/piece_pool.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// A run of places for `T`, some of them taken, that several owners may share. Who shares it only
/// reads; who is its only owner may write. The count of owners is the one thing in it that threads
/// may use at the same time: an owner that finds itself alone sees everything that the others did
/// before they let go.
template <class T>
class segment {
public:
  /// A power of two: 128 KiB of places, but at most 4,096 of them, and at least one word of bits.
  static constexpr std::size_t most_places =
      std::clamp<std::size_t>(std::bit_floor(128 * 1024 / sizeof(T)), 64, 4096);

  explicit segment(std::size_t places)
      : places_{places}, memory_{static_cast<T*>(::operator new(places * sizeof(T), alignment))} {}

  /// With all places, in a piece of `pool`, which has pieces of `piece_bytes`.
  explicit segment(std::shared_ptr<piece_pool> pool)
      : places_{most_places}, memory_{static_cast<T*>(pool->take())}, pool_{std::move(pool)} {}

  static constexpr std::size_t piece_bytes = most_places * sizeof(T);
  /// Whether pieces of a pool, which are aligned to 64 bytes, will do.
  static constexpr bool can_be_pooled = alignof(T) <= 64 && piece_bytes <= std::size_t{2} << 20;

  segment(const segment&) = delete;
  segment& operator=(const segment&) = delete;

  ~segment() {
    if constexpr (!std::is_trivially_destructible_v<T>)
      for_each([](std::size_t, T& item) { item.~T(); });
    if (pool_)
      pool_->give_back(memory_);
    else
      ::operator delete(memory_, alignment);
  }

  T* items() { return memory_; }
  const T* items() const { return memory_; }
  std::size_t places() const { return places_; }

  bool taken(std::size_t at) const { return (taken_[at / 64] >> (at % 64) & 1) != 0; }

  /// The lowest place that is not taken; `most_places` if all are.
  std::size_t first_free() {
    for (; first_open_word_ < words; ++first_open_word_)
      if (~taken_[first_open_word_] != 0)
        return first_open_word_ * 64 +
               static_cast<std::size_t>(std::countr_one(taken_[first_open_word_]));
    return most_places;
  }

  template <class... Args>
  void emplace(std::size_t at, Args&&... args) {
    ::new (static_cast<void*>(memory_ + at)) T{std::forward<Args>(args)...};
    taken_[at / 64] |= std::uint64_t{1} << (at % 64);
  }

  void erase(std::size_t at) {
    memory_[at].~T();
    taken_[at / 64] &= ~(std::uint64_t{1} << (at % 64));
    first_open_word_ = std::min(first_open_word_, at / 64);
  }

  /// f(place, item) in order of places; f may erase the item it is given.
  template <class F>
  void for_each(F f) {
    for_each_taken([&](std::size_t at) { f(at, memory_[at]); });
  }
  template <class F>
  void for_each(F f) const {
    for_each_taken([&](std::size_t at) { f(at, std::as_const(memory_[at])); });
  }

  /// Takes over all items of `from`, which has at most as many places; copies where it is shared.
  void take(segment& from) {
    first_open_word_ = from.first_open_word_;
    if constexpr (std::is_trivially_copyable_v<T>) {
      std::memcpy(static_cast<void*>(memory_), from.memory_, from.places_ * sizeof(T));
      taken_ = from.taken_;
    } else if (from.only_owner()) {
      from.for_each([&](std::size_t at, T& item) { emplace(at, std::move(item)); });
    } else if constexpr (std::is_copy_constructible_v<T>) {
      std::as_const(from).for_each([&](std::size_t at, const T& item) { emplace(at, item); });
    }
  }

  bool only_owner() const { return owners_.load(std::memory_order_acquire) == 1; }
  void add_owner() { owners_.fetch_add(1, std::memory_order_relaxed); }

  /// The last owner to let go deletes the segment.
  void drop_owner() {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  /// Without what lies in a pool.
  std::size_t memory_bytes() const { return sizeof(*this) + (pool_ ? 0 : places_ * sizeof(T)); }

private:
  static constexpr std::size_t words = most_places / 64;
  static constexpr std::align_val_t alignment{std::max<std::size_t>(alignof(T), 64)};

  template <class F>
  void for_each_taken(F f) const {
    for (std::size_t word = 0; word < words; ++word)
      for (std::uint64_t bits = taken_[word]; bits != 0; bits &= bits - 1)
        f(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  }

  std::atomic<std::uint32_t> owners_ = 1;
  std::size_t places_;
  T* memory_;
  std::shared_ptr<piece_pool> pool_; // null: the memory is our own
  std::size_t first_open_word_ = 0;
  std::array<std::uint64_t, words> taken_{};
};

/// One owner's hold on a segment.
template <class T>
class segment_ptr {
public:
  segment_ptr() = default;
  explicit segment_ptr(segment<T>* adopted) : held_{adopted} {}
  segment_ptr(const segment_ptr& other) : held_{other.held_} {
    if (held_)
      held_->add_owner();
  }
  segment_ptr(segment_ptr&& other) noexcept : held_{std::exchange(other.held_, nullptr)} {}
  segment_ptr& operator=(segment_ptr other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~segment_ptr() {
    if (held_)
      held_->drop_owner();
  }

  segment<T>* operator->() const { return held_; }
  segment<T>& operator*() const { return *held_; }

private:
  segment<T>* held_ = nullptr;
};

} // namespace millrace::detail
