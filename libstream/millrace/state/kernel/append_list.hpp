#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// Items in order of arrival, in blocks that grow from a few items to 64 KiB: appending never moves
/// what is there, and at most about half of the memory of a short list, and 64 KiB of a long one,
/// is not in use. An exception of `append` leaves the list as it was.
template <class T>
class append_list {
public:
  append_list() = default;
  append_list(append_list&& other) noexcept { swap(other); }
  append_list& operator=(append_list&& other) noexcept {
    append_list(std::move(other)).swap(*this);
    return *this;
  }
  ~append_list() {
    clear();
    free_from(first_);
  }

  template <class... Args>
  T& append(Args&&... args) {
    if (next_ == end_) [[unlikely]]
      next_block();
    T* const made = ::new (static_cast<void*>(next_)) T{std::forward<Args>(args)...};
    ++next_;
    fetch_ahead();
    return *made;
  }

  /// Takes back the item that was appended last, and after which nothing was taken back.
  void drop_last() { std::destroy_at(--next_); }

  /// f(std::span<T>) for all items in order, in as few calls as there are blocks.
  template <class F>
  void for_each_span(F f) {
    for (block* each = first_; each; each = each == last_ ? nullptr : each->next)
      f(std::span<T>(each->items(), each == last_ ? next_ : each->items() + each->room));
  }
  template <class F>
  void for_each_span(F f) const {
    for (block* each = first_; each; each = each == last_ ? nullptr : each->next)
      f(std::span<const T>(each->items(), each == last_ ? next_ : each->items() + each->room));
  }

  template <class F>
  void for_each(F f) {
    for_each_span([&](std::span<T> some) {
      for (T& each : some)
        f(each);
    });
  }
  template <class F>
  void for_each(F f) const {
    for_each_span([&](std::span<const T> some) {
      for (const T& each : some)
        f(each);
    });
  }

  /// Forgets all items but keeps the memory they lay in for as many others. What an earlier time
  /// needed beyond that is given back.
  void clear() {
    for_each_span([](std::span<T> some) { std::destroy(some.begin(), some.end()); });
    if (last_)
      free_from(last_->next);
    fill(first_);
  }

  std::size_t memory_bytes() const { return bytes_; }

private:
  static constexpr std::size_t smallest = 8;
  static constexpr std::size_t largest = std::max<std::size_t>(smallest, 64 * 1024 / sizeof(T));
  static constexpr std::align_val_t alignment{std::max(alignof(T), alignof(std::max_align_t))};

  struct alignas(std::max(alignof(T), alignof(void*))) block {
    block* next;
    std::size_t room;

    T* items() { return reinterpret_cast<T*>(this + 1); }
    std::size_t bytes() const { return sizeof(block) + room * sizeof(T); }
  };

  /// At each new line. The processor would do it by itself, but not between the misses of what is
  /// logged.
  void fetch_ahead() const {
    constexpr std::uintptr_t line = 64;
    constexpr std::ptrdiff_t far = std::max<std::ptrdiff_t>(1, 1024 / sizeof(T));
    if (reinterpret_cast<std::uintptr_t>(next_) % line < sizeof(T) && end_ - next_ > far)
      __builtin_prefetch(next_ + far, 1);
  }

  void swap(append_list& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(next_, other.next_);
    std::swap(end_, other.end_);
    std::swap(bytes_, other.bytes_);
  }

  /// Frees the block that `link` names, and all behind it.
  void free_from(block*& link) {
    for (block* each = std::exchange(link, nullptr); each;) {
      block* const next = each->next;
      bytes_ -= each->bytes();
      ::operator delete(each, alignment);
      each = next;
    }
  }

  void fill(block* with) {
    last_ = with;
    next_ = with ? with->items() : nullptr;
    end_ = with ? next_ + with->room : nullptr;
  }

  [[gnu::noinline]] void next_block() {
    if (last_ && last_->next) {
      fill(last_->next);
      return;
    }
    const std::size_t room = std::clamp(bytes_ / sizeof(T) / 2, smallest, largest);
    const std::size_t bytes = sizeof(block) + room * sizeof(T);
    block* const added = ::new (::operator new(bytes, alignment)) block{nullptr, room};
    (last_ ? last_->next : first_) = added;
    bytes_ += bytes;
    fill(added);
  }

  block* first_ = nullptr;
  block* last_ = nullptr; // the one being filled; those before it are full, those behind it empty
  T* next_ = nullptr;
  T* end_ = nullptr;
  std::size_t bytes_ = 0;
};

} // namespace millrace::detail
