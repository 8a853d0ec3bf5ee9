#pragma once

#include "millrace/window/combines.hpp"
#include "millrace/window/known_optional.hpp"
#include "millrace/window/value_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace {

namespace detail {

/// DABA Lite (Tangwongsan, Hirzel, Schneider: "In-Order Sliding-Window Aggregation in Worst-Case
/// Constant Time", arXiv 2009.13768) with the function passed to each call.
///
/// The window is a front [first, back) followed by a back [back, last). With v the values and *
/// the function, position i holds
///   [first, left)    v_i * ... * v_(back-1)      ready to be answered
///   [left, right)    v_i * ... * v_(right-1)     the older half of the front being turned
///   [right, inner)   v_i                         the newer half, not turned yet
///   [inner, back)    v_i * ... * v_(back-1)      the newer half, turned
///   [back, last)     v_i                         arrived since
/// and beside them `front_rest_` = v_right * ... * v_(back-1) while [right, inner) is not empty,
/// `back_sum_` = v_back * ... * v_(last-1) while [back, last) is not empty. After each operation
/// either everything is empty, or [left, right) and [right, inner) are equally long and the front
/// is longer than the back by one more than [left, back): so whenever the back has become as long
/// as the front, the front is wholly turned and the back can become part of it without any work.
///
/// At most 3 calls of the function per push, 2 per pop and 1 per query. All calls of an operation
/// come before its first change: after an exception of the function, or std::bad_alloc, the queue
/// is as before.
template <class V>
class daba_queue {
public:
  bool empty() const noexcept { return ring_.empty(); }
  std::uint32_t size() const noexcept { return ring_.size(); }

  /// Adds a value at the new end.
  template <class Combine>
  void push(V value, Combine& combine) {
    ring_.make_room();
    if (ring_.empty()) {
      ring_.push_back(std::move(value));
      turn_all();
      return;
    }
    V sum = at_.back == ring_.last() ? V(value) : V(combine(*back_sum_, value));
    const std::uint32_t last = ring_.last() + 1;
    step todo = next_step(at_, ring_.first(), last);
    work_values done = work(todo, &sum, combine);
    ring_.push_back(std::move(value));
    back_sum_ = std::move(sum);
    apply(todo, done);
  }

  /// Removes the oldest value; there must be one.
  template <class Combine>
  void pop(Combine& combine) {
    const std::uint32_t first = ring_.first() + 1;
    if (first == at_.back) {
      ring_.pop_front();
      turn_all();
      return;
    }
    step todo = next_step(at_, first, ring_.last());
    work_values done = work(todo, todo.takes_back ? &*back_sum_ : nullptr, combine);
    ring_.pop_front();
    apply(todo, done);
    ring_.shrink();
  }

  /// All values combined, oldest first; there must be one.
  template <class Combine>
  V query(Combine& combine) const {
    const V& front = ring_[ring_.first()];
    return at_.back == ring_.last() ? V(front) : V(combine(front, *back_sum_));
  }

  void clear() noexcept {
    ring_.clear();
    turn_all();
  }

  /// Memory held beside the object itself, without what the values own.
  std::size_t memory_bytes() const noexcept { return ring_.memory_bytes(); }

private:
  struct marks {
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    std::uint32_t inner = 0;
    std::uint32_t back = 0;
  };

  /// One step of turning, as decided before anything is changed; `from` is where it starts.
  struct step {
    marks from;
    bool takes_back;
    bool turns;
  };

  struct work_values {
    known_optional_for<V> left;
    known_optional_for<V> inner;
  };

  static step next_step(marks at, std::uint32_t first, std::uint32_t last) noexcept {
    const bool takes_back = at.left == at.back;
    if (takes_back)
      at = {first, at.back, last, last};
    return {at, takes_back, at.left != at.right};
  }

  /// The calls of the function that a step needs; `back_sum` is for a step that takes the back.
  template <class Combine>
  work_values work(const step& todo, const V* back_sum, Combine& combine) const {
    work_values done;
    if (!todo.turns)
      return done;
    const marks& at = todo.from;
    done.left = combine(ring_[at.left], todo.takes_back ? *back_sum : *front_rest_);
    if (at.inner != at.back)
      done.inner = combine(ring_[at.inner - 1], ring_[at.inner]);
    return done;
  }

  void apply(const step& todo, work_values& done) noexcept {
    at_ = todo.from;
    if (todo.takes_back)
      front_rest_ = std::exchange(back_sum_, {});
    if (todo.turns) {
      ring_[at_.left] = *std::move(done.left);
      if (at_.inner != at_.back)
        ring_[at_.inner - 1] = *std::move(done.inner);
      --at_.inner;
    } else {
      ++at_.right;
      ++at_.inner;
    }
    ++at_.left;
    if (at_.right == at_.inner)
      front_rest_.reset();
  }

  /// Nothing is left to turn: the window has at most one value, or is empty.
  void turn_all() noexcept {
    const std::uint32_t last = ring_.last();
    at_ = {last, last, last, last};
    front_rest_.reset();
    back_sum_.reset();
  }

  value_ring<V> ring_;
  marks at_;
  known_optional_for<V> front_rest_;
  known_optional_for<V> back_sum_;
};

} // namespace detail
} // namespace millrace
