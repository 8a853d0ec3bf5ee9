#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/time.hpp"

#include <optional>
#include <string>

namespace millrace {

/// A line for the log.
struct log_line {
  log_level level = log_level::info;
  std::string text;
};

/// Tells people when the wall clock has been set, which the times of batches do not follow.
///
/// It is told of once the wall clock differs from the batch times by more than one batch interval
/// or a second, whichever is more; again when that difference has changed by as much; and that it
/// is over, once the difference is at most half of that. With a clock that is set again and again
/// it is told of at most once a minute. A value of one owner.
class wall_clock_watch {
public:
  explicit wall_clock_watch(duration batch_interval);

  /// What to say, if anything, when the wall clock shows `wall` at `now`, both read at one moment.
  /// `now` is the time that batches have, which does not go back.
  [[nodiscard]] std::optional<log_line> observe(batch_time now, batch_time wall);

private:
  duration limit_;
  /// How far the wall clock was ahead when it was last told of; 0 when that is over.
  double told_ms_ = 0;
  std::optional<batch_time> told_at_;
};

} // namespace millrace
