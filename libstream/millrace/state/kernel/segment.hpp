#pragma once

#include "millrace/state/piece_pool.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::detail {

/// A run of places for `T`, some of them taken, that several owners may share: one writer, and
/// readers who want it as it was when their share began. The writer may change a place of a shared
/// segment once it remembers what was there; readers copy what is remembered, and the other places
/// as they are. So both never use one place at a time, and what they share besides is under a lock
/// that is held for no longer than it takes to copy a segment.
///
/// An owner that finds itself alone sees everything that the others did before they let go. All
/// functions but `copy_as_of`, `add_owner` and `drop_owner` are for the writer, or the only owner.
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

  /// A shared segment remembers the place.
  template <class... Args>
  void emplace(std::size_t at, Args&&... args) {
    ::new (static_cast<void*>(memory_ + at)) T{std::forward<Args>(args)...};
    set_taken(at, true);
  }

  /// A shared segment remembers the place.
  void erase(std::size_t at) {
    set_taken(at, false);
    memory_[at].~T();
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

  /// From now on there is one more share, of what the segment holds now. Its number; later ones are
  /// higher.
  std::uint32_t begin_share() {
    if (only_owner())
      forget();
    return ++shares_;
  }

  /// Whether the place may be changed though the segment is shared.
  bool remembers(std::size_t at) const {
    return known_ && known_->share == shares_ && (known_->bits[at / 64] >> (at % 64) & 1) != 0;
  }

  /// Keeps what the place holds for the readers of the shares so far; once for each new share. On
  /// an exception nothing has changed.
  void remember(std::size_t at) {
    if constexpr (std::is_copy_constructible_v<T>) {
      if (!known_)
        known_ = std::make_unique<known_places>();
      if (known_->share != shares_)
        *known_ = {shares_, {}};
      past_item old{static_cast<std::uint32_t>(at), shares_, std::nullopt};
      if (taken(at))
        old.item.emplace(std::as_const(memory_[at]));
      {
        std::scoped_lock lock{mutex_};
        past_.push_back(std::move(old));
      }
      known_->bits[at / 64] |= std::uint64_t{1} << (at % 64);
    }
  }

  /// How many it keeps, for all shares.
  std::size_t remembered() const { return past_.size(); }

  std::size_t remembered_bytes() const {
    return past_.capacity() * sizeof(past_item) + (known_ ? sizeof(known_places) : 0);
  }

  /// There are no readers any more.
  void forget() {
    past_ = std::vector<past_item>();
    known_ = nullptr;
  }

  /// Appends (place, item) as they were when the share began, in order of places. For readers, on
  /// any thread.
  void copy_as_of(std::uint32_t share, std::vector<std::pair<std::uint32_t, T>>& to) const {
    std::array<std::uint16_t, most_places> old{}; // where in `past_`, from 1
    std::scoped_lock lock{mutex_};
    for (std::size_t i = past_.size(); i-- > 0;)
      if (past_[i].share >= share)
        old[past_[i].place] = static_cast<std::uint16_t>(i + 1);
    for (std::uint32_t at = 0; at < places_; ++at) {
      if (old[at] == 0) {
        if (taken(at))
          to.emplace_back(at, std::as_const(memory_[at]));
      } else if (const std::optional<T>& was = past_[old[at] - 1].item) {
        to.emplace_back(at, *was);
      }
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

  /// What a place held before the writer first changed it after a share began.
  struct past_item {
    std::uint32_t place;
    std::uint32_t share; ///< The latest one then.
    std::optional<T> item;
  };
  /// The places in `past_` with this share.
  struct known_places {
    std::uint32_t share = 0;
    std::array<std::uint64_t, words> bits{};
  };

  void set_taken(std::size_t at, bool taken) {
    std::unique_lock lock{mutex_, std::defer_lock};
    if (!only_owner())
      lock.lock();
    const std::uint64_t bit = std::uint64_t{1} << (at % 64);
    taken_[at / 64] = taken ? taken_[at / 64] | bit : taken_[at / 64] & ~bit;
  }

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
  std::uint32_t shares_ = 0;
  std::unique_ptr<known_places> known_;
  mutable std::mutex mutex_;    // guards what follows while there are readers
  std::vector<past_item> past_; // in order of time
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
