#pragma once

#include "millrace/state/huge_memory.hpp"

#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// An array of a fixed size whose items begin as zero bytes, in huge pages if it is large. Single
/// owner. Moved from, it is empty.
template <class T>
class zeroed_array {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
  static constexpr std::size_t huge_from_bytes = std::size_t{4} << 20;

  zeroed_array() = default;
  /// Throws std::bad_alloc.
  explicit zeroed_array(std::size_t n) : size_{n} {
    if (is_huge()) {
      items_ = static_cast<T*>(allocate_huge(n * sizeof(T)));
    } else {
      items_ = static_cast<T*>(::operator new(n * sizeof(T), alignment));
      std::memset(static_cast<void*>(items_), 0, n * sizeof(T));
    }
  }
  zeroed_array(zeroed_array&& other) noexcept
      : items_{std::exchange(other.items_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
  zeroed_array& operator=(zeroed_array other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~zeroed_array() {
    if (is_huge())
      free_huge(items_, size_ * sizeof(T));
    else
      ::operator delete(items_, alignment);
  }

  T* get() const { return items_; }
  T& operator[](std::size_t at) const { return items_[at]; }

private:
  static constexpr std::align_val_t alignment{alignof(T)};

  bool is_huge() const { return size_ * sizeof(T) >= huge_from_bytes; }

  T* items_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace millrace::detail
