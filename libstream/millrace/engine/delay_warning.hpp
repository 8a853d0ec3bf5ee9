#pragma once

#include "millrace/base/time.hpp"

#include <optional>

namespace millrace {

/// What is to be said of batches that are late.
struct delay_notice {
  enum class kind {
    begins, ///< The delay has grown over the limit.
    lasts,  ///< Said a minute ago, and it is not over.
    over,   ///< The delay has come down to half the limit.
  };
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
  [[nodiscard]] bool behind() const noexcept { return began_.has_value(); }

private:
  double limit_ms_;
  std::optional<batch_time> began_;
  batch_time said_;
};

} // namespace millrace
