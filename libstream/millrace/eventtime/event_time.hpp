#pragma once

#include "millrace/base/time.hpp"

#include <cstdint>
#include <limits>

namespace millrace {

/// When something happened, as the record itself says: milliseconds since the Unix epoch, before it
/// too. Records decide on this value, so nothing in this room assumes that it is sensible.
using event_time = batch_time;

inline constexpr event_time earliest_event_time{std::numeric_limits<std::int64_t>::min()};
inline constexpr event_time latest_event_time{std::numeric_limits<std::int64_t>::max()};

/// `t + d` and `t - d`, but held at the earliest and latest event time where batch_time's own
/// arithmetic would throw: a record with an absurd time must not stop a job.
constexpr event_time saturating_add(event_time t, duration d) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(t.ms(), d.ms(), &sum))
    return d.ms() < 0 ? earliest_event_time : latest_event_time;
  return event_time{sum};
}

constexpr event_time saturating_subtract(event_time t, duration d) noexcept {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(t.ms(), d.ms(), &difference))
    return d.ms() < 0 ? latest_event_time : earliest_event_time;
  return event_time{difference};
}

/// How far `later` lies after `earlier` (which it must), also over distances of more than 63 bits.
constexpr std::uint64_t distance(event_time earlier, event_time later) noexcept {
  return static_cast<std::uint64_t>(later.ms()) - static_cast<std::uint64_t>(earlier.ms());
}

} // namespace millrace
