#pragma once

#include "millrace/base/time.hpp"

#include <cstdint>
#include <optional>

namespace millrace {

/// Consecutive ticks of a batch grid: [begin, end) in steps of the period. A value.
struct tick_range {
  batch_time begin;
  batch_time end;
  duration period;

  [[nodiscard]] bool empty() const noexcept { return begin >= end; }

  [[nodiscard]] std::uint64_t count() const;

  friend bool operator==(const tick_range&, const tick_range&) = default;
};

/// The batch clock's arithmetic: which batch times are due, on a grid that does not drift.
/// Owned by one actor. Each tick is taken exactly once and in order, however late or irregular the
/// calls and whatever times they give: later ones make all ticks up to there pending; with earlier
/// ones there is nothing to do until the time has come past where it was (so give it an
/// `anchored_clock`'s, which does not go back). Pending ticks are a range, so any number of them
/// takes constant memory. The last tick that 64 bits hold is never due: time ends there.
class batch_schedule {
public:
  /// The first start of a job: ticks are the multiples of `period` after `now`.
  /// Throws `stream_error(invalid_argument)` unless `period` is positive.
  batch_schedule(duration period, batch_time now);

  /// Going on after a restart, on the grid of the first start, whose `zero_time()` was `zero`: the
  /// first tick is the first one after both `last`, the last tick made before the restart, and
  /// `now`. Throws as the constructor.
  [[nodiscard]] static batch_schedule resumed(duration period, batch_time zero, batch_time last,
                                              batch_time now);

  [[nodiscard]] duration period() const noexcept { return period_; }

  /// Where time begins for windows and multiples: one period before the first tick of the job, also
  /// after a restart.
  [[nodiscard]] batch_time zero_time() const noexcept { return zero_; }

  /// The first tick since the start or restart.
  [[nodiscard]] batch_time first() const noexcept { return first_; }

  /// The ticks that are due and not taken yet.
  [[nodiscard]] tick_range pending(batch_time now);

  /// The oldest pending tick, taken; none if nothing is due.
  [[nodiscard]] std::optional<batch_time> take(batch_time now);

  /// All pending ticks, taken.
  [[nodiscard]] tick_range due(batch_time now);

  /// The next tick that is not due yet: what a timer is to be set to. Later than any `now` seen so
  /// far, but for the end of time.
  [[nodiscard]] batch_time deadline() const noexcept { return reached_; }

  [[nodiscard]] std::optional<batch_time> last_taken() const;

private:
  batch_schedule(duration period, batch_time zero, batch_time after);

  void observe(batch_time now);

  duration period_;
  batch_time zero_;
  batch_time first_;
  batch_time next_;    // oldest tick not taken
  batch_time reached_; // first tick not due yet
};

} // namespace millrace
