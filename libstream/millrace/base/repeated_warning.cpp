#include "millrace/base/repeated_warning.hpp"

#include <limits>
#include <utility>

namespace millrace {

namespace {

/// The time from `earlier` to `later`, or the longest duration when that is less: a warning must
/// not throw, wherever a clock is set to.
duration between(batch_time earlier, batch_time later) {
  std::int64_t ms = 0;
  if (__builtin_sub_overflow(later.ms(), earlier.ms(), &ms))
    ms = std::numeric_limits<std::int64_t>::max();
  return duration{ms};
}

} // namespace

std::optional<repeat_notice> repeated_warning::happened(batch_time now, std::uint64_t times) {
  using enum repeat_notice::kind;
  const bool first = !lasting();
  if (first)
    began_ = told_ = now;
  last_ = now;
  untold_ += times;
  total_ += times;
  if (first)
    return notice(begins, now);
  if (between(told_, now) >= period)
    return notice(lasts, now);
  return std::nullopt;
}

std::optional<repeat_notice> repeated_warning::look(batch_time now) {
  if (!lasting())
    return std::nullopt;
  if (between(last_, now) >= period) {
    const bool once = total_ == 1;
    auto over = end(now);
    return once ? std::nullopt : over;
  }
  if (untold_ != 0 && between(told_, now) >= period)
    return notice(repeat_notice::kind::lasts, now);
  return std::nullopt;
}

std::optional<repeat_notice> repeated_warning::end(batch_time now) {
  if (!lasting())
    return std::nullopt;
  auto over = notice(repeat_notice::kind::over, now);
  total_ = 0;
  return over;
}

repeat_notice repeated_warning::notice(repeat_notice::kind what, batch_time now) {
  return {what,
          std::exchange(untold_, 0),
          total_,
          between(std::exchange(told_, now), now),
          between(began_, now),
          between(last_, now)};
}

} // namespace millrace
