#pragma once

#include "millrace/window/daba_queue.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace millrace {

/// A sliding window that knows all its values combined, in order, at any time: for associative
/// functions without an inverse, commutative or not (minimum, concatenation, merging of sketches).
///
/// DABA Lite: at most 3 calls of the function for a push, 2 for a pop and 1 for a query, never one
/// that turns over the whole window. Memory: the window's values and at most three more in one
/// block, at most twice as large as needed plus what growing takes.
///
/// Single owner. Each call either does its work or, on an exception of the function or
/// std::bad_alloc, changes nothing. Bound: 2^30 values, then stream_error(limit_exceeded). `V` is
/// copied, and moves without throwing.
template <class V, combines<V> Combine>
class daba_lite {
public:
  explicit daba_lite(Combine combine = {}) : combine_{std::move(combine)} {}

  /// Adds a value at the new end.
  void push(V value) { queue_.push(std::move(value), combine_); }

  /// Removes the oldest value. Throws stream_error(illegal_state) when there is none.
  void pop() {
    if (queue_.empty())
      throw stream_error(errc::illegal_state, "daba_lite::pop: the window is empty");
    queue_.pop(combine_);
  }

  /// All values combined, oldest first; nothing when there are none.
  std::optional<V> query() const {
    if (queue_.empty())
      return std::nullopt;
    return queue_.query(combine_);
  }

  std::size_t size() const noexcept { return queue_.size(); }
  bool empty() const noexcept { return queue_.empty(); }
  void clear() noexcept { queue_.clear(); }

  /// Memory held; not what the values own.
  std::size_t memory_bytes() const noexcept { return sizeof(*this) + queue_.memory_bytes(); }

private:
  detail::daba_queue<V> queue_;
  [[no_unique_address]] mutable Combine combine_;
};

} // namespace millrace
