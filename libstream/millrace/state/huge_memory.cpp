#include "millrace/state/huge_memory.hpp"

#include <atomic>
#include <cstdint>
#include <new>
#include <sys/mman.h>

namespace millrace::detail {

namespace {

std::atomic<std::size_t> held{0};

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + huge_page - 1) / huge_page * huge_page;
}

void unmap(char* from, char* to) noexcept {
  if (from != to)
    ::munmap(from, static_cast<std::size_t>(to - from));
}

} // namespace

void* allocate_huge(std::size_t bytes) {
  const std::size_t size = whole_pages(bytes);
  // One page more, so that it holds an aligned piece of the size; the rest goes back.
  void* const mapped =
      ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::bad_alloc{};
  char* const begin = static_cast<char*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(mapped);
  char* const aligned = begin + (huge_page - address % huge_page) % huge_page;
  unmap(begin, aligned);
  unmap(aligned + size, begin + size + huge_page);
  // Refused where the system has no huge pages, and then not needed for anything but speed.
  static_cast<void>(::madvise(aligned, size, MADV_HUGEPAGE));
  held.fetch_add(size, std::memory_order_relaxed);
  return aligned;
}

void free_huge(void* memory, std::size_t bytes) noexcept {
  ::munmap(memory, whole_pages(bytes));
  held.fetch_sub(whole_pages(bytes), std::memory_order_relaxed);
}

std::size_t huge_bytes_held() noexcept { return held.load(std::memory_order_relaxed); }

} // namespace millrace::detail
