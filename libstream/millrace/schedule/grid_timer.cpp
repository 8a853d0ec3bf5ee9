#include "millrace/schedule/grid_timer.hpp"

#include <algorithm>

namespace millrace {

void grid_timer::observe(batch_time wall, time_point steady) {
  auto seen = std::chrono::nanoseconds{steady.time_since_epoch()} - std::chrono::milliseconds{wall.ms()};
  constexpr std::chrono::milliseconds jump{2};
  if (!offset_ || seen > *offset_ + jump || seen < *offset_ - jump)
    offset_ = seen;
  else
    offset_ = std::min(*offset_, seen);
}

grid_timer::time_point grid_timer::when(batch_time deadline) const {
  return time_point{std::chrono::milliseconds{deadline.ms()} + *offset_};
}

} // namespace millrace
