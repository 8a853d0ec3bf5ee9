#pragma once

#include "millrace/base/time.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::detail {

/// Time in pieces of half a window: a window is the rest of one piece, the whole of a second and
/// the beginning of a third. A value.
///
/// While batches come into the third, the second is worked through backwards, a share with each
/// batch: what it amounts to from each of its batches on. That is done when its first batch leaves
/// the window. (Blocks as in the running minimum of van Herk and of Gil and Werman; half a window
/// long, so that no batch waits for the work on a whole block.)
class half_windows {
public:
  explicit half_windows(duration window)
      : window_{window}, half_{window.ms() / 2 + window.ms() % 2} {}

  /// The number of the piece that contains `t`; ascending with time, negative before the epoch.
  std::int64_t number_of(batch_time t) const noexcept {
    const std::int64_t number = t.ms() / half_;
    return number * half_ > t.ms() ? number - 1 : number;
  }

  /// Three pieces in a row have different ones.
  static std::size_t slot_of(std::int64_t number) noexcept {
    const std::int64_t slot = number % 3;
    return static_cast<std::size_t>(slot < 0 ? slot + 3 : slot);
  }

  bool expired(batch_time t, batch_time now) const { return t <= now - window_; }

  /// How many of `remaining` batches of a piece to work on in the batch of `now`, so that with
  /// batches as far apart as `before` and `now` each takes an equal share and none is left when
  /// `oldest`, the first of them, leaves the window. All of them if it does so now.
  std::size_t share(std::size_t remaining, batch_time oldest, batch_time before,
                    batch_time now) const;

private:
  duration window_;
  std::int64_t half_;
};

} // namespace millrace::detail
