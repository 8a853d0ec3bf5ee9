#include "millrace/base/clock.hpp"

#include "millrace/base/anchored_clock.hpp"

#include <algorithm>
#include <limits>

namespace millrace {

namespace {

using steady_point = std::chrono::steady_clock::time_point;

/// Half of what a steady time holds, 146 years: whoever adds an interval to it stays within it.
constexpr std::chrono::milliseconds last_steady =
    std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::nanoseconds{std::numeric_limits<std::int64_t>::max() / 2});

} // namespace

std::chrono::steady_clock::time_point clock::steady_at(batch_time wall) const {
  return time_anchor{wall_now(), steady_now()}.steady_at(wall);
}

std::chrono::steady_clock::time_point manual_clock::steady_now() const {
  const std::chrono::milliseconds now{wall_now().ms()};
  return steady_point{std::clamp(now, -last_steady, last_steady)};
}

} // namespace millrace
