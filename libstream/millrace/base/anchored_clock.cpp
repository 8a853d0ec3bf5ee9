#include "millrace/base/anchored_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace millrace {

namespace {

using steady_point = std::chrono::steady_clock::time_point;
using whole = std::int64_t;

constexpr whole ns_per_ms = 1'000'000;

/// Results that 64 bits do not hold become the nearest one that they do.
whole bounded_add(whole a, whole b) {
  whole sum = 0;
  if (!__builtin_add_overflow(a, b, &sum))
    return sum;
  return b < 0 ? std::numeric_limits<whole>::min() : std::numeric_limits<whole>::max();
}

whole bounded_subtract(whole a, whole b) {
  whole difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference))
    return difference;
  return a < b ? std::numeric_limits<whole>::min() : std::numeric_limits<whole>::max();
}

whole bounded_nanoseconds(whole ms) {
  whole ns = 0;
  if (!__builtin_mul_overflow(ms, ns_per_ms, &ns))
    return ns;
  return ms < 0 ? std::numeric_limits<whole>::min() : std::numeric_limits<whole>::max();
}

whole nanoseconds_of(steady_point at) {
  return std::chrono::nanoseconds{at.time_since_epoch()}.count();
}

} // namespace

time_anchor time_anchor::of(const clock& from) {
  const auto before = from.steady_now();
  const auto wall = from.wall_now();
  const auto steady = from.steady_at(wall);
  // The wall time was cut to a millisecond after `before`. Anything else means that the wall clock
  // was set between the two readings of it.
  return {wall, std::clamp(steady, before - std::chrono::milliseconds{1}, from.steady_now())};
}

batch_time time_anchor::wall_at(steady_point at) const {
  const auto passed =
      std::chrono::nanoseconds{bounded_subtract(nanoseconds_of(at), nanoseconds_of(steady))};
  const auto passed_ms = std::chrono::floor<std::chrono::milliseconds>(passed).count();
  return batch_time{bounded_add(wall.ms(), passed_ms)};
}

steady_point time_anchor::steady_at(batch_time at) const {
  const auto left = bounded_nanoseconds(bounded_subtract(at.ms(), wall.ms()));
  return steady_point{std::chrono::nanoseconds{bounded_add(nanoseconds_of(steady), left)}};
}

anchored_clock::anchored_clock(std::shared_ptr<const clock> machine)
    : machine_{std::move(machine)}, anchor_{time_anchor::of(*machine_)} {}

anchored_clock::anchored_clock(std::shared_ptr<const clock> machine, time_anchor at)
    : machine_{std::move(machine)}, anchor_{at} {}

} // namespace millrace
