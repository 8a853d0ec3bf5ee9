#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"
#include "millrace/engine/batch_schedule.hpp"
#include "millrace/engine/wall_clock_watch.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

/// What becomes of the batches that fell due while the process was suspended.
enum class missed_batches {
  /// They are one: the newest has what came in meanwhile, the others are not made.
  one,
  /// Each is made, as Spark does.
  all,
};

/// Reads the option stream.missed_batches.
[[nodiscard]] result<missed_batches> parse_missed_batches(std::string_view text);

/// What a batch clock does at one moment.
struct batch_pace {
  tick_range due;                 ///< To announce, unless it is empty.
  std::uint64_t missed = 0;       ///< Ticks that will have no batch, before those that are due.
  std::optional<batch_time> next; ///< When to look again; never at the end of time.
  std::vector<log_line> lines;
};

/// The brain of the batch clock: which ticks are due, when to look again, and what to say of time.
///
/// Its time is that of an `anchored_clock`, so a wall clock that is set neither stops nor floods
/// batches: they come one interval after the other, on the grid of the schedule, and a lasting step
/// of the wall clock stays as an offset to it until a restart. It is told of as `wall_clock_watch`
/// says.
///
/// A *gap* is when more than three ticks are due at one look and the oldest has been for a second
/// at least: the process was suspended, or nothing could run on its control thread for as long.
/// With `missed_batches::one` only the newest tick of a gap is due; that is told of, at most once a
/// minute. Fewer or fresher ticks are what a busy machine brings about, and each of them is due.
/// Slow batches make no gap: they hold ticks after the clock (`batch_assembler`), and none is lost.
/// A machine that sleeps makes none either where its steady clock stands meanwhile; then the wall
/// clock is ahead after it.
///
/// Owned by one actor.
class batch_pacer {
public:
  batch_pacer(batch_schedule schedule, missed_batches policy);

  /// `now` on the anchored clock, `wall` on the machine's, read at one moment.
  [[nodiscard]] batch_pace look(batch_time now, batch_time wall);

  /// The clock stops: what has not been told of gaps yet, if anything.
  [[nodiscard]] std::optional<log_line> last_words();

  /// The next tick that has not been announced or missed: what a graceful stop ends with.
  [[nodiscard]] batch_time upcoming() const noexcept { return schedule_.deadline(); }

  [[nodiscard]] duration period() const noexcept { return schedule_.period(); }

private:
  /// Gaps that have not been told of yet.
  struct gaps {
    std::uint64_t count = 0;
    std::uint64_t missed = 0;
    duration longest;
    batch_time last;
  };

  void merge(batch_pace& pace, duration late);
  [[nodiscard]] log_line tell_gaps() const;

  batch_schedule schedule_;
  missed_batches policy_;
  wall_clock_watch watch_;
  gaps untold_;
  std::optional<batch_time> told_at_;
};

} // namespace millrace
