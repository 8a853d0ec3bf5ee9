#include "support/memory_shortage.hpp"

#include <cstdlib>
#include <new>

namespace millrace::test {

namespace {

struct shortage {
  bool begun = false;
  bool once = false;
  bool met = false;
  std::size_t left = 0;
};

shortage now;

bool fails() noexcept {
  if (!now.begun || (now.met && now.once))
    return false;
  if (now.left > 0) {
    --now.left;
    return false;
  }
  now.met = true;
  return true;
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (!fails())
    if (void* memory =
            std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment))
      return memory;
  throw std::bad_alloc{};
}

} // namespace

memory_shortage::memory_shortage(std::size_t left, failing how) {
  now = {true, how == failing::once, false, left};
}

memory_shortage::~memory_shortage() { now = {}; }

bool memory_shortage::was_met() const noexcept { return now.met; }

} // namespace millrace::test

// Not inlined, or g++ 12 takes the calls of free for mismatched ones.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return millrace::test::allocate(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return millrace::test::allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
