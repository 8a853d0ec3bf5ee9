#pragma once

#include "millrace/eventtime/event_time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// When to look at which key next: a heap, earliest first. A key may be in it more than once, and
/// after it is gone; whoever takes it out knows whether that still matters. Single owner.
class key_timers {
public:
  using id = std::uint32_t;

  struct timer {
    event_time due;
    id key;
  };

  /// Makes room so that `more` calls of `add` do not throw.
  void reserve(std::size_t more);

  void add(event_time due, id key);

  /// The earliest timer, or null.
  [[nodiscard]] const timer* earliest() const noexcept {
    return heap_.empty() ? nullptr : &heap_.front();
  }

  /// Takes out the earliest timer; there is one.
  timer take() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return heap_.capacity() * sizeof(timer);
  }

private:
  std::vector<timer> heap_;
};

} // namespace millrace::detail
