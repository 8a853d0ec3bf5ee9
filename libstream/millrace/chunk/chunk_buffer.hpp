#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace millrace {

/// Records per chunk for element type T: about 1,024, fewer for large records so that a chunk stays
/// in the first- or second-level cache.
template <class T>
inline constexpr std::size_t chunk_capacity =
    std::clamp<std::size_t>(32 * 1024 / sizeof(T), 64, 1024);

/// A fixed-capacity, reusable buffer of records: the output chunk of an operator.
///
/// Owned by one operator instance; not thread-safe. The caller checks `full()` before `emplace`;
/// nothing is ever dropped here. Memory is allocated at the first record and kept from batch to
/// batch, until a batch brings no record: a stream that is idle costs next to nothing.
template <class T>
class chunk_buffer {
public:
  static constexpr std::size_t capacity = chunk_capacity<T>;

  chunk_buffer() = default;
  chunk_buffer(const chunk_buffer&) = delete;
  chunk_buffer& operator=(const chunk_buffer&) = delete;
  ~chunk_buffer() {
    clear();
    release();
  }

  /// Empties the buffer for a new batch.
  void begin_batch() noexcept {
    clear();
    if (!std::exchange(used_, false))
      release();
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  bool full() const noexcept { return size_ == capacity; }
  std::span<T> records() noexcept { return {data_, size_}; }

  /// What the buffer itself holds; not what its records own.
  std::size_t memory_bytes() const noexcept { return data_ == nullptr ? 0 : capacity * sizeof(T); }

  /// Uninitialised space for kernels that write trivially destructible records themselves; publish
  /// with `set_size`.
  T* raw() {
    make_room();
    return data_;
  }
  void set_size(std::size_t n) noexcept
  requires std::is_trivially_destructible_v<T>
  {
    size_ = n;
  }

  template <class... Args>
  void emplace(Args&&... args) {
    make_room();
    ::new (static_cast<void*>(data_ + size_)) T(std::forward<Args>(args)...);
    ++size_;
  }

  /// Appends `make(0) .. make(n - 1)`; needs `size() + n <= capacity`. Records made before an
  /// exception stay.
  template <class Make>
  void fill(std::size_t n, Make&& make) {
    make_room();
    if constexpr (std::is_trivially_destructible_v<T>) {
      T* out = data_ + size_;
      for (std::size_t i = 0; i < n; ++i)
        ::new (static_cast<void*>(out + i)) T(make(i));
      size_ += n;
    } else {
      for (std::size_t i = 0; i < n; ++i)
        emplace(make(i));
    }
  }

  void clear() noexcept {
    used_ = used_ || size_ != 0;
    std::destroy_n(data_, size_);
    size_ = 0;
  }

private:
  void make_room() {
    if (data_ == nullptr) [[unlikely]]
      data_ = std::allocator<T>{}.allocate(capacity);
  }

  void release() noexcept {
    if (data_ != nullptr)
      std::allocator<T>{}.deallocate(std::exchange(data_, nullptr), capacity);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  bool used_ = false; ///< Whether there have been records since `begin_batch`.
};

} // namespace millrace
