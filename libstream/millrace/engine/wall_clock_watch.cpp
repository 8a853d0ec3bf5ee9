#include "millrace/engine/wall_clock_watch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace millrace {

namespace {

const duration minute{60'000};

/// How far `a` and `b` are apart, or the longest duration when that is less.
duration distance(batch_time a, batch_time b) {
  const auto apart =
      static_cast<std::uint64_t>(a.max(b).ms()) - static_cast<std::uint64_t>(a.min(b).ms());
  constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();
  return duration{static_cast<std::int64_t>(apart < longest ? apart : longest)};
}

} // namespace

wall_clock_watch::wall_clock_watch(duration batch_interval)
    : limit_{batch_interval.max(duration{1'000})} {}

std::optional<log_line> wall_clock_watch::observe(batch_time now, batch_time wall) {
  const auto apart = distance(now, wall);
  const auto apart_ms = static_cast<double>(apart.ms());
  const auto limit_ms = static_cast<double>(limit_.ms());
  if (told_ms_ != 0 && apart_ms <= limit_ms / 2) {
    told_ms_ = 0;
    return log_line{log_level::info, "the wall clock agrees with the times of batches again, to " +
                                         pretty_print(apart)};
  }
  const auto ahead_ms = wall < now ? -apart_ms : apart_ms;
  if (apart <= limit_ || std::abs(ahead_ms - told_ms_) <= limit_ms)
    return std::nullopt;
  if (told_at_ && now - *told_at_ < minute)
    return std::nullopt;
  told_ms_ = ahead_ms;
  told_at_ = now;
  return log_line{log_level::warning,
                  "the wall clock has been set: it is " + pretty_print(apart) +
                      (wall < now ? " behind" : " ahead of") +
                      " the times of batches, which go on as they would without that; a restart "
                      "follows the wall clock"};
}

} // namespace millrace
