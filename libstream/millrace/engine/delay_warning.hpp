#pragma once

#include "millrace/base/repeated_warning.hpp"
#include "millrace/base/time.hpp"

#include <optional>

namespace millrace {

/// What is to be said of batches that are late. It begins when the delay has grown over the limit,
/// and is over when it has come down to half of it.
struct delay_notice {
  using kind = repeat_notice::kind;
  kind what = kind::begins;
  duration delay;
  duration since_begin;

  friend bool operator==(const delay_notice&, const delay_notice&) = default;
};

/// Decides when to speak of late batches: when they begin to be, once a minute while it lasts, and
/// when it is over. A value of one owner.
class delay_warning {
public:
  /// The limit is `ratio` batch intervals. A ratio of 0 or less never warns.
  explicit delay_warning(duration batch_interval, double ratio = 1.0);

  /// What to say of this delay, seen at `now`, if anything.
  [[nodiscard]] std::optional<delay_notice> observe(duration delay, batch_time now);

  /// Between beginning and end.
  [[nodiscard]] bool behind() const noexcept { return repeats_.lasting(); }

private:
  double limit_ms_;
  repeated_warning repeats_;
};

} // namespace millrace
