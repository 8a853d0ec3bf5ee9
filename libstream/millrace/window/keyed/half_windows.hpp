#pragma once

#include "millrace/base/time.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::detail {

/// Time in pieces of half a window, so that a window is the rest of one, the whole of the next and
/// the beginning of a third. A value.
///
/// While batches come into the third, what the next amounts to from each of its batches on is
/// worked out, a share with each batch, and is done when the first of them leaves the window. (The
/// blocks of van Herk's and of Gil and Werman's running minimum, of half the window's length so
/// that a batch never has to wait for the work on a whole block.)
class half_windows {
public:
  explicit half_windows(duration window) : window_{window}, half_{(window.ms() + 1) / 2} {}

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

  bool expired(batch_time t, batch_time now) const { return now - t >= window_; }

  /// How many of `remaining` batches of a piece to work on in the batch of `now`, so that with
  /// batches as far apart as `before` and `now` each takes an equal share and none is left when
  /// `oldest`, the first of them, leaves the window.
  std::size_t share(std::size_t remaining, batch_time oldest, batch_time before,
                    batch_time now) const;

private:
  duration window_;
  std::int64_t half_;
};

} // namespace millrace::detail
