#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

namespace millrace::bench {

/// An allocator that asks for pages of 2 MiB where there is room for one.
template <class T>
struct huge_pages {
  using value_type = T;

  huge_pages() = default;
  template <class U>
  explicit huge_pages(const huge_pages<U>&) {}

  T* allocate(std::size_t n) {
    constexpr std::size_t page = std::size_t{2} << 20;
    const std::size_t bytes = (n * sizeof(T) + page - 1) / page * page;
    const bool large = n * sizeof(T) >= page;
    void* const memory = large ? std::aligned_alloc(page, bytes) : std::malloc(n * sizeof(T));
    if (!memory)
      throw std::bad_alloc{};
    if (large)
      static_cast<void>(::madvise(memory, bytes, MADV_HUGEPAGE));
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { std::free(memory); }

  friend bool operator==(const huge_pages&, const huge_pages&) = default;
};

} // namespace millrace::bench
