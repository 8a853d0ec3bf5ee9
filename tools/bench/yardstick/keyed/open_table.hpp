#pragma once

#include "yardstick/keyed/huge_pages.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::bench {

/// u64 -> u64 by open addressing with linear probing: 16-byte slots in huge pages, made for a known
/// number of keys. Keys are not 0.
class open_table {
public:
  struct slot {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
  };

  explicit open_table(std::size_t keys)
      : slots_(std::bit_ceil(keys + keys / 4)),
        shift_{64 - static_cast<unsigned>(std::countr_zero(slots_.size()))} {}

  void prefetch(std::uint64_t key) const { __builtin_prefetch(&slots_[home(key)], 1); }

  /// The key's value; 0 when it is new.
  std::uint64_t& at(std::uint64_t key) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = home(key);; at = (at + 1) & mask) {
      slot& s = slots_[at];
      if (s.key == 0)
        s.key = key;
      if (s.key == key)
        return s.value;
    }
  }

  /// The key's value, or null.
  const std::uint64_t* find(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = home(key);; at = (at + 1) & mask) {
      if (slots_[at].key == key)
        return &slots_[at].value;
      if (slots_[at].key == 0)
        return nullptr;
    }
  }

  const std::vector<slot, huge_pages<slot>>& slots() const { return slots_; }

private:
  std::size_t home(std::uint64_t key) const { return (key * 0x9e3779b97f4a7c15u) >> shift_; }

  std::vector<slot, huge_pages<slot>> slots_;
  unsigned shift_;
};

} // namespace millrace::bench
