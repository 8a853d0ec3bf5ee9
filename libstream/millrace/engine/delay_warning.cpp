#include "millrace/engine/delay_warning.hpp"

namespace millrace {

delay_warning::delay_warning(duration batch_interval, double ratio)
    : limit_ms_(static_cast<double>(batch_interval.ms()) * ratio) {}

bool delay_warning::observe(duration delay) {
  const auto delay_ms = static_cast<double>(delay.ms());
  if (!(limit_ms_ > 0))
    return false;
  if (!behind_ && delay_ms > limit_ms_)
    return behind_ = true;
  if (behind_ && delay_ms <= limit_ms_ / 2)
    behind_ = false;
  return false;
}

} // namespace millrace
