#pragma once

#include "millrace/base/time.hpp"

#include <chrono>
#include <optional>

namespace millrace {

/// Converts grid times, which are whole milliseconds of the wall clock, into steady deadlines for a timer.
///
/// Owned by one actor. A wall reading is cut to the millisecond, so each observation bounds the offset between the clocks
/// from above by up to a millisecond; the smallest observation of an episode is kept, which converges without drift. A
/// wall clock that was set shows as an observation out of that range and begins a new episode.
class grid_timer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  void observe(batch_time wall, time_point steady);

  /// When to look again for `deadline`. Needs an observation first. Never later than the deadline by more than a
  /// millisecond plus what the wall clock was moved by since the last observation.
  time_point when(batch_time deadline) const;

private:
  std::optional<std::chrono::nanoseconds> offset_; ///< steady minus wall.
};

} // namespace millrace
