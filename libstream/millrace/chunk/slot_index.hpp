#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

class slot_index {
public:
  static constexpr std::size_t max_entries = 0xfffffffe;

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(slots_ + (hash & mask_)); }

  template <class Entry, class Same>
  Entry* find(std::uint64_t hash, Entry* entries, Same same) const {
    if (!slots_)
      return nullptr;
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const std::uint64_t slot = slots_[at];
      if ((slot ^ hash) >> 32 == 0 && static_cast<std::uint32_t>(slot) != 0) {
        Entry& entry = entries[static_cast<std::uint32_t>(slot) - 1];
        if (same(entry)) [[likely]]
          return &entry;
      } else if (static_cast<std::uint32_t>(slot) == 0)
        return nullptr;
    }
  }

  bool full(std::size_t entries) const { return entries >= limit_; }

  void insert(std::uint64_t hash, std::size_t index) {
    std::size_t at = hash & mask_;
    while (static_cast<std::uint32_t>(slots_[at]) != 0)
      at = (at + 1) & mask_;
    slots_[at] = (hash >> 32 << 32) | (index + 1);
  }

  template <class HashAt>
  void reserve(std::size_t n, std::size_t entries, HashAt hash_at) {
    if (n <= limit_) return;
    std::size_t size = 32;
    while (size * LOADF < n) size *= 2;
    std::vector<std::uint64_t> next(size);
    store_.swap(next);
    slots_ = store_.data();
    mask_ = size - 1;
    limit_ = size * LOADF;
    for (std::size_t i = 0; i < entries; ++i) insert(hash_at(i), i);
  }
  template <class HashAt>
  void clear(std::size_t, HashAt) { store_.assign(store_.size(), 0); }
  template <class HashAt>
  void erase(std::uint64_t, std::size_t, HashAt) {}
  void renumber(std::uint64_t, std::size_t, std::size_t) {}
  std::size_t memory_bytes() const { return store_.capacity() * 8; }

private:
  std::vector<std::uint64_t> store_;
  std::uint64_t* slots_ = nullptr;
  std::size_t mask_ = 0;
  std::size_t limit_ = 0;
};

}  // namespace millrace::detail
