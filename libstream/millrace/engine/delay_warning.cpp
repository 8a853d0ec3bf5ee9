#include "millrace/engine/delay_warning.hpp"

namespace millrace {

namespace {

const duration repeated_after = seconds(60);

} // namespace

delay_warning::delay_warning(duration batch_interval, double ratio)
    : limit_ms_(static_cast<double>(batch_interval.ms()) * ratio) {}

std::optional<delay_notice> delay_warning::observe(duration delay, batch_time now) {
  using enum delay_notice::kind;
  const auto delay_ms = static_cast<double>(delay.ms());
  if (!(limit_ms_ > 0))
    return std::nullopt;
  if (!began_) {
    if (delay_ms <= limit_ms_)
      return std::nullopt;
    began_ = said_ = now;
    return delay_notice{begins, delay, duration{0}};
  }
  const auto since = now - *began_;
  if (delay_ms <= limit_ms_ / 2) {
    began_.reset();
    return delay_notice{over, delay, since};
  }
  if (now - said_ < repeated_after)
    return std::nullopt;
  said_ = now;
  return delay_notice{lasts, delay, since};
}

} // namespace millrace
