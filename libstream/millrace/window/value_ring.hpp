#pragma once

#include "millrace/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// A queue in one block of memory that grows in place of being chained: values are named by a
/// position that stays the same while they are in it, whatever is added, removed or grown.
///
/// Positions count up from 0 and wrap around at 2^32; compare them for equality only. Single owner.
/// Bound: 2^30 values, then stream_error(limit_exceeded). Adding needs `make_room` first, which may
/// throw and changes nothing then; everything else does not throw.
template <class V>
class value_ring {
public:
  static_assert(std::is_nothrow_move_constructible_v<V> && std::is_nothrow_move_assignable_v<V>,
                "values of a window must move without throwing");

  static constexpr std::uint32_t max_values = std::uint32_t{1} << 30;

  value_ring() = default;
  value_ring(value_ring&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)},
        capacity_{std::exchange(other.capacity_, 0)},
        first_{std::exchange(other.first_, 0)},
        last_{std::exchange(other.last_, 0)} {}
  value_ring& operator=(value_ring&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    return *this;
  }
  ~value_ring() {
    clear();
    release();
  }

  std::uint32_t first() const noexcept { return first_; }
  /// One behind the newest value.
  std::uint32_t last() const noexcept { return last_; }
  std::uint32_t size() const noexcept { return last_ - first_; }
  bool empty() const noexcept { return last_ == first_; }

  V& operator[](std::uint32_t position) noexcept { return data_[position & (capacity_ - 1)]; }
  const V& operator[](std::uint32_t position) const noexcept {
    return data_[position & (capacity_ - 1)];
  }

  /// Makes sure that one more value has room.
  void make_room() {
    if (size() < capacity_) [[likely]]
      return;
    if (size() >= max_values)
      throw stream_error(errc::limit_exceeded, "a window holds " + std::to_string(max_values) +
                                                   " values, which is all it can; shorten it");
    move_to(capacity_ == 0 ? smallest_capacity : capacity_ * 2);
  }

  void push_back(V value) noexcept {
    std::construct_at(&(*this)[last_], std::move(value));
    ++last_;
  }

  void pop_front() noexcept {
    std::destroy_at(&(*this)[first_]);
    ++first_;
  }

  void pop_back() noexcept {
    --last_;
    std::destroy_at(&(*this)[last_]);
  }

  /// Gives memory back when three quarters of it are free; when that fails, it stays.
  void shrink() noexcept {
    if (capacity_ <= smallest_capacity || size() > capacity_ / 4)
      return;
    try {
      move_to(capacity_ / 2);
    } catch (const std::bad_alloc&) { // larger than needed is no failure
    }
  }

  void clear() noexcept {
    while (!empty())
      pop_front();
  }

  std::size_t memory_bytes() const noexcept { return capacity_ * sizeof(V); }

private:
  static constexpr std::uint32_t smallest_capacity = 2;

  void move_to(std::uint32_t capacity) {
    V* const data = std::allocator<V>{}.allocate(capacity);
    for (std::uint32_t at = first_; at != last_; ++at) {
      std::construct_at(&data[at & (capacity - 1)], std::move((*this)[at]));
      std::destroy_at(&(*this)[at]);
    }
    release();
    data_ = data;
    capacity_ = capacity;
  }

  void release() noexcept {
    if (data_ != nullptr)
      std::allocator<V>{}.deallocate(data_, capacity_);
  }

  V* data_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t first_ = 0;
  std::uint32_t last_ = 0;
};

} // namespace millrace::detail
