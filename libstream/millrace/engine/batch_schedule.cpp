#include "millrace/engine/batch_schedule.hpp"

#include "millrace/base/error.hpp"

#include <limits>
#include <utility>

namespace millrace {

namespace {

duration checked(duration period) {
  if (period <= duration{0})
    throw stream_error(errc::invalid_argument, "the batch interval is " + to_string(period) +
                                                   ": it must be positive, such as 1s");
  return period;
}

} // namespace

std::uint64_t tick_range::count() const {
  if (empty())
    return 0;
  return static_cast<std::uint64_t>((end - begin).ms() / period.ms());
}

batch_schedule::batch_schedule(duration period, batch_time now)
    : batch_schedule(period, now.floor(checked(period)), now) {}

batch_schedule::batch_schedule(duration period, batch_time zero, batch_time after)
    : period_(checked(period)),
      zero_(zero),
      first_(after.floor(period, zero) + period),
      next_(first_),
      reached_(first_) {}

batch_schedule batch_schedule::resumed(duration period, batch_time zero, batch_time last,
                                       batch_time now) {
  return {period, zero, zero.max(last).max(now)};
}

void batch_schedule::observe(batch_time now) {
  if (now < reached_)
    return;
  const batch_time latest = now.floor(period_, first_);
  const bool is_last = latest.ms() > std::numeric_limits<std::int64_t>::max() - period_.ms();
  reached_ = is_last ? latest : latest + period_;
}

tick_range batch_schedule::pending(batch_time now) {
  observe(now);
  return {next_, reached_, period_};
}

std::optional<batch_time> batch_schedule::take(batch_time now) {
  observe(now);
  if (next_ == reached_)
    return std::nullopt;
  return std::exchange(next_, next_ + period_);
}

tick_range batch_schedule::due(batch_time now) {
  observe(now);
  return {std::exchange(next_, reached_), reached_, period_};
}

std::optional<batch_time> batch_schedule::last_taken() const {
  if (next_ == first_)
    return std::nullopt;
  return next_ - period_;
}

} // namespace millrace
