#pragma once

#include <cstdint>

namespace millrace::detail {

/// The time of the batch that last touched a state, and, meaningful during that batch only, how far
/// its undoing is prepared. One word, so that the common question, whether this batch has saved the
/// old value already, is one comparison.
class touch_mark {
public:
  /// Times are within this, so that marks, and sums of two times, do not overflow.
  static constexpr std::int64_t most_ms = std::int64_t{1} << 60;

  enum stage : std::int64_t {
    touched = 0, ///< the old value, if there is one, is still in place
    saved = 2,   ///< the old value is in the undo log, or there was none
    removed = 3, ///< as `saved`, and the state does not exist any more
  };

  constexpr touch_mark(std::int64_t ms, stage reached) : bits_{ms * 4 + reached} {}

  constexpr std::int64_t ms() const { return bits_ >> 2; }
  constexpr bool is_removed() const { return (bits_ & 3) == removed; }

  friend constexpr bool operator==(touch_mark, touch_mark) = default;

private:
  std::int64_t bits_;
};

} // namespace millrace::detail
