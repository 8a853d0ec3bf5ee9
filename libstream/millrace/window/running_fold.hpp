#pragma once

#include "millrace/base/error.hpp"
#include "millrace/window/combines.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace millrace {

/// A sliding window by subtraction: the combined value alone, from which the oldest value is taken
/// away again by an inverse. The caller keeps the values (the window's history does).
///
/// `combine(total, newer)` adds at the new end, `inverse(total, oldest)` removes at the old end:
/// inverse(combine(a, b), a) must be b. One call for each push and pop, except where the window is
/// empty before or after it: the value of one element is that element, so that what a function
/// loses to rounding is forgotten whenever a window runs empty.
///
/// Single owner. Each call either does its work or, on an exception of a function, changes nothing.
template <class V, combines<V> Combine, combines<V> Inverse>
class running_fold {
public:
  explicit running_fold(Combine combine = {}, Inverse inverse = {})
      : combine_{std::move(combine)}, inverse_{std::move(inverse)} {}

  void push(const V& newest) {
    if (total_.has_value())
      total_.emplace(V(combine_(std::as_const(*total_), newest)));
    else
      total_.emplace(newest);
    ++size_;
  }

  /// Takes away the oldest value, which the caller has kept. Throws stream_error(illegal_state)
  /// when there is none.
  void pop(const V& oldest) {
    if (size_ == 0)
      throw stream_error(errc::illegal_state, "running_fold::pop: the window is empty");
    if (size_ == 1)
      total_.reset();
    else
      total_ = V(inverse_(std::as_const(*total_), oldest));
    --size_;
  }

  /// All values combined; nothing when there are none.
  const std::optional<V>& query() const noexcept { return total_; }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  void clear() noexcept {
    total_.reset();
    size_ = 0;
  }

  /// Puts back what `query` and `size` gave earlier.
  void restore(std::optional<V> total, std::size_t size) noexcept {
    total_ = std::move(total);
    size_ = size;
  }

private:
  std::optional<V> total_;
  std::size_t size_ = 0;
  [[no_unique_address]] Combine combine_;
  [[no_unique_address]] Inverse inverse_;
};

} // namespace millrace
