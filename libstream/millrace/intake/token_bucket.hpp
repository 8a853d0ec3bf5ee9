#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace millrace {

/// Rates are records per second.
struct token_bucket_options {
  static constexpr double unlimited = std::numeric_limits<double>::infinity();

  /// Rate before the first update; it must be positive.
  double initial_rate = unlimited;
  /// No update goes over it; 0 or less means no such cap.
  double max_rate = 0;
};

/// Limits how fast a receiver takes records in. Pure arithmetic: the caller brings the time and
/// does the waiting. Owned by one thread. Over any span of time it lets no more through than the
/// rate allows plus one second's worth of unused permits. A request for more than that is granted
/// too: the bucket goes into debt and the wait is as long as the debt lasts. Nothing is refused.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What `current_limit` says when there is none.
  static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

  /// Starts empty, at the smaller of initial and maximal rate.
  /// Throws `stream_error(invalid_argument)` unless the initial rate is positive.
  token_bucket(token_bucket_options options, time_point now);

  /// Takes n permits and returns how long to wait before the n records may be used. Time never goes
  /// back for the bucket: an earlier `now` than before counts as that one.
  [[nodiscard]] std::chrono::nanoseconds reserve(std::uint64_t n, time_point now);

  /// From `now` on the rate is `rate`, or the cap if that is less. Ignored unless positive. Debt is
  /// paid at the new rate, but waits that were returned before do not change.
  void update_rate(double rate, time_point now);

  /// The rate in whole records per second, or `no_limit`.
  [[nodiscard]] std::int64_t current_limit() const noexcept;

private:
  [[nodiscard]] double capped(double rate) const noexcept;
  [[nodiscard]] bool limited() const noexcept;
  void accrue(time_point now);

  double max_rate_;
  double rate_;
  double permits_ = 0; // negative: debt
  time_point updated_;
};

} // namespace millrace
