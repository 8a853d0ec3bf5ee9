#pragma once

#include "millrace/base/time.hpp"

namespace millrace {

/// Decides when to say that batches are late: once when the delay has grown over the limit, and not
/// again until it has come down to half the limit in between. A value of one owner.
class delay_warning {
public:
  /// The limit is `ratio` batch intervals. A ratio of 0 or less never warns.
  explicit delay_warning(duration batch_interval, double ratio = 1.0);

  /// Whether this delay deserves the warning.
  [[nodiscard]] bool observe(duration delay);

  /// Between the warning and the recovery.
  [[nodiscard]] bool behind() const noexcept { return behind_; }

private:
  double limit_ms_;
  bool behind_ = false;
};

} // namespace millrace
