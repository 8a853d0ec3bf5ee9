#pragma once

#include "millrace/window/known_optional.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::detail {

/// For each entry of a column a value that may be missing, and a mark for the owner's use. Single
/// owner.
template <class C>
class sparse_values {
public:
  using value = known_optional_for<C>;

  void reserve(std::size_t n) {
    values_.reserve(n);
    flags_.reserve(n);
  }

  /// Leaves the memory.
  void clear() noexcept {
    values_.clear();
    flags_.clear();
  }

  /// Throws nothing where there is room (`reserve`).
  void add(value of, bool there, bool mark = false) {
    values_.push_back(std::move(of));
    flags_.push_back(static_cast<std::uint8_t>((there ? is_there : 0) | (mark ? is_marked : 0)));
  }

  /// Entries without a value for all up to `n`, for which there must be room.
  void fill(std::size_t n) {
    values_.resize(n);
    flags_.resize(n);
  }

  /// Puts a value that is there or not into the place of the entry's; whether that was there.
  bool exchange(std::size_t entry, value& with, bool there) noexcept {
    std::swap(values_[entry], with);
    const std::uint8_t before = flags_[entry];
    flags_[entry] = static_cast<std::uint8_t>((before & is_marked) | (there ? is_there : 0));
    return (before & is_there) != 0;
  }

  value& operator[](std::size_t entry) noexcept { return values_[entry]; }
  bool there(std::size_t entry) const noexcept { return (flags_[entry] & is_there) != 0; }
  bool marked(std::size_t entry) const noexcept { return (flags_[entry] & is_marked) != 0; }

  std::size_t size() const noexcept { return flags_.size(); }
  std::size_t capacity() const noexcept { return flags_.capacity(); }

  std::size_t memory_bytes() const noexcept {
    return values_.capacity() * sizeof(value) + flags_.capacity();
  }

private:
  static constexpr std::uint8_t is_there = 1;
  static constexpr std::uint8_t is_marked = 2;

  std::vector<value> values_;
  std::vector<std::uint8_t> flags_;
};

/// Up to an eighth more, so that what had room for a batch mostly has room for the next one too.
inline std::size_t with_slack(std::size_t n) noexcept {
  const std::size_t step = std::max<std::size_t>(std::bit_ceil(n) / 16, 1);
  return (n + step - 1) / step * step;
}

/// Whether memory for so many is not so much more than `n` that it would be kept for nothing.
inline bool fits(std::size_t capacity, std::size_t n) noexcept { return capacity <= 2 * n + 1024; }

/// Memory of sparse values that was used and will be again, the latest first, because a cache may
/// still have it. Single owner.
template <class C>
class spare_values {
public:
  spare_values() { kept_.reserve(most); }

  sparse_values<C> take(std::size_t n) {
    sparse_values<C> taken;
    if (!kept_.empty()) {
      if (fits(kept_.back().capacity(), n))
        taken = std::move(kept_.back());
      kept_.pop_back();
    }
    taken.reserve(with_slack(n));
    return taken;
  }

  void give(sparse_values<C> used) noexcept {
    used.clear();
    if (kept_.size() < most && used.capacity() != 0)
      kept_.push_back(std::move(used));
  }

  std::size_t memory_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const auto& each : kept_)
      bytes += each.memory_bytes();
    return bytes;
  }

private:
  static constexpr std::size_t most = 4;

  std::vector<sparse_values<C>> kept_;
};

} // namespace millrace::detail
