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
/// calls and however the wall clock jumps: forward, the missed ticks are all pending; back, there
/// is nothing to do until the clock has come past where it was. Pending ticks are a range, so any
/// number of them takes constant memory. The last tick that 64 bits hold is never due: time ends
/// there.
class batch_schedule {
public:
  /// The first start of a job: ticks are the multiples of `period` after `now`.
  /// Throws `stream_error(invalid_argument)` unless `period` is positive.
  batch_schedule(duration period, batch_time now);

  /// Going on after a restart, on the grid that passes through `original_start`: the first tick is
  /// the first one after `now`. Throws as the constructor.
  [[nodiscard]] static batch_schedule restarted(duration period, batch_time original_start,
                                                batch_time now);

  [[nodiscard]] duration period() const noexcept { return period_; }

  /// One period before the first tick: where time begins for windows and multiples.
  [[nodiscard]] batch_time zero_time() const { return first_ - period_; }

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
  batch_schedule(duration period, batch_time origin, batch_time now);

  void observe(batch_time now);

  duration period_;
  batch_time first_;
  batch_time next_;    // oldest tick not taken
  batch_time reached_; // first tick not due yet
};

} // namespace millrace
