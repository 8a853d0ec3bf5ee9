#include "millrace/engine/delay_warning.hpp"

namespace millrace {

delay_warning::delay_warning(duration batch_interval, double ratio)
    : limit_ms_(static_cast<double>(batch_interval.ms()) * ratio) {}

std::optional<delay_notice> delay_warning::observe(duration delay, batch_time now) {
  const auto delay_ms = static_cast<double>(delay.ms());
  if (!(limit_ms_ > 0) || (!behind() && delay_ms <= limit_ms_))
    return std::nullopt;
  const auto notice = delay_ms <= limit_ms_ / 2 ? repeats_.end(now) : repeats_.happened(now);
  if (!notice)
    return std::nullopt;
  return delay_notice{notice->what, delay, notice->since_begin};
}

} // namespace millrace
