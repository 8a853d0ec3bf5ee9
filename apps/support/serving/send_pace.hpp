#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace millrace::apps {

/// When which record is due, on absolute time from the first one: a slow reader does not move the
/// plan, and gets what is overdue as fast as it can take it.
class send_pace {
public:
  /// Records per second, at most 10^9; 0 is as fast as possible.
  explicit send_pace(std::uint64_t per_second) : per_second_{per_second} {}

  /// How many records are due that long after the start.
  std::uint64_t due(std::chrono::nanoseconds elapsed) const noexcept {
    if (per_second_ == 0)
      return std::numeric_limits<std::uint64_t>::max();
    const auto ns = static_cast<std::uint64_t>(elapsed.count());
    return ns / second * per_second_ + ns % second * per_second_ / second;
  }

  /// The first moment at which that many records are due; for a bounded rate.
  std::chrono::nanoseconds time_of(std::uint64_t records) const noexcept {
    const auto rest = (records % per_second_ * second + per_second_ - 1) / per_second_;
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(records / per_second_ * second + rest)};
  }

private:
  static constexpr std::uint64_t second = 1'000'000'000;
  std::uint64_t per_second_;
};

} // namespace millrace::apps
