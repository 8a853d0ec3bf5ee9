#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace millrace::detail {

/// Finds entries of a dense array by hash: open addressing with linear probing over 8-byte slots, a
/// power of two of them, at most half of them taken. A slot holds 31 low bits of the hash under a
/// bit that is always set, and the entry's number; a free slot is zero. The search for a hash
/// starts at its low bits, and between there and its entry's slot no slot is ever free: that is why
/// erasing moves later slots back. Since a slot knows its own start, the index grows in one
/// sequential pass without a look at the entries.
///
/// Part of a keyed_table, which owns the entries.
class slot_index {
public:
  /// With 2^31 slots the bits in the slot are used up.
  static constexpr std::size_t max_entries = std::size_t{1} << 30;

  /// What a search reads, held in registers by the loops that search.
  struct view {
    const std::uint64_t* slots;
    std::size_t mask;

    const std::uint64_t* home(std::uint64_t hash) const { return slots + (hash & mask); }
  };

  slot_index() = default;
  slot_index(slot_index&& other) noexcept
      : slots_(std::move(other.slots_)), size_(std::exchange(other.size_, 0)) {}
  slot_index& operator=(slot_index&& other) noexcept {
    slots_ = std::move(other.slots_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  view slots() const {
    static constexpr std::uint64_t always_free = 0;
    return size_ == 0 ? view{&always_free, 0} : view{slots_.get(), size_ - 1};
  }

  /// The first entry under `hash` for which `same` holds, or null.
  template <class Entry, class Same>
  static Entry* find(view in, std::uint64_t hash, Entry* entries, Same same) {
    const std::uint64_t wanted = tag(hash);
    for (std::size_t at = hash & in.mask;; at = (at + 1) & in.mask) {
      const std::uint64_t slot = in.slots[at];
      if (slot >> 32 == wanted) [[likely]] {
        Entry& candidate = entries[number(slot)];
        if (candidate.hash == hash && same(candidate)) [[likely]]
          return &candidate;
      } else if (slot == 0) {
        return nullptr;
      }
    }
  }

  /// The entry that a slot names; meaningless for a free slot.
  static std::size_t number(std::uint64_t slot) { return static_cast<std::uint32_t>(slot); }

  bool has_room_for(std::size_t entries) const { return entries * 2 <= size_; }

  /// Makes room for `wanted` entries in all. On std::bad_alloc nothing has changed.
  void grow(std::size_t wanted) {
    std::size_t size = smallest_size;
    while (size < wanted * 2)
      size *= size < small_size ? 4 : 2;
    const std::unique_ptr<std::uint64_t[]> old =
        std::exchange(slots_, std::make_unique<std::uint64_t[]>(size));
    const std::size_t old_size = std::exchange(size_, size);
    for (std::size_t i = 0; i < old_size; ++i)
      if (old[i] != 0)
        place(old[i]);
  }

  /// There is room, and no slot names `entry` yet.
  void insert(std::uint64_t hash, std::size_t entry) { place(tag(hash) << 32 | entry); }

  /// Frees the slot of `entry` and closes the gap.
  void erase(std::uint64_t hash, std::size_t entry) {
    const std::size_t mask = size_ - 1;
    std::size_t gap = slot_of(hash, entry);
    for (std::size_t at = (gap + 1) & mask; slots_[at] != 0; at = (at + 1) & mask) {
      const std::size_t home = (slots_[at] >> 32) & mask;
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        slots_[gap] = slots_[at];
        gap = at;
      }
    }
    slots_[gap] = 0;
  }

  /// The entry `from` now has the number `to`.
  void renumber(std::uint64_t hash, std::size_t from, std::size_t to) {
    slots_[slot_of(hash, from)] = tag(hash) << 32 | to;
  }

  /// Frees all slots, those of entries [0, count). The cost goes with `count`, however large the
  /// index has once been.
  template <class HashAt>
  void clear(std::size_t count, HashAt hash_at) {
    if (count < size_ / 16) {
      for (std::size_t i = 0; i < count; ++i)
        slots_[slot_of(hash_at(i), i)] = 0;
    } else if (size_ != 0) {
      std::fill_n(slots_.get(), size_, 0);
    }
  }

  std::size_t memory_bytes() const { return size_ * sizeof(std::uint64_t); }

private:
  static constexpr std::size_t smallest_size = 64;
  static constexpr std::size_t small_size = 16 * 1024;
  static constexpr std::uint64_t taken = 0x80000000u;

  static std::uint64_t tag(std::uint64_t hash) { return (hash & 0xffffffffu) | taken; }

  void place(std::uint64_t slot) {
    std::size_t at = (slot >> 32) & (size_ - 1);
    while (slots_[at] != 0)
      at = (at + 1) & (size_ - 1);
    slots_[at] = slot;
  }

  /// Looks for the entry's number alone, so that it works across slots freed a moment ago.
  std::size_t slot_of(std::uint64_t hash, std::size_t entry) const {
    const std::uint64_t wanted = tag(hash) << 32 | entry;
    std::size_t at = hash & (size_ - 1);
    while (slots_[at] != wanted)
      at = (at + 1) & (size_ - 1);
    return at;
  }

  std::unique_ptr<std::uint64_t[]> slots_;
  std::size_t size_ = 0;
};

} // namespace millrace::detail
