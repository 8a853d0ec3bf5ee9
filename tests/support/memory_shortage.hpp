#pragma once

#include <cstddef>

namespace millrace::test {

/// While it lives, operator new fails: after `left` allocations that succeed, once or each time.
///
/// Its source file replaces operator new of the whole program, so only the programs that CMake
/// names have it. One at a time, in programs that allocate on one thread while it lives.
class memory_shortage {
public:
  enum class failing { once, from_then_on };

  explicit memory_shortage(std::size_t left, failing how = failing::from_then_on);
  memory_shortage(const memory_shortage&) = delete;
  memory_shortage& operator=(const memory_shortage&) = delete;
  ~memory_shortage();

  /// Whether an allocation has failed.
  [[nodiscard]] bool was_met() const noexcept;
};

} // namespace millrace::test
