#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/random.hpp"
#include "millrace/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace millrace {

/// How a supervisor restarts what it watches.
struct restart_options {
  /// Failures within `period` that are answered by a restart; one more escalates. 0: no limit.
  std::uint32_t max_restarts = 10;
  duration period = seconds(60);
  /// Delay before the first restart. Larger: gentler to the peer, slower to recover.
  duration initial_delay = milliseconds(200);
  /// Delays double up to this.
  duration max_delay = seconds(10);
  /// Largest part of a delay that chance takes off, in [0, 1], so that many restarts spread out.
  double jitter = 0.2;
  /// After running this long without a restart, delays begin at `initial_delay` again.
  duration quiet_period = seconds(60);
};

[[nodiscard]] result<void> validate(const restart_options& options);

/// Why there is a restart to decide on.
enum class restart_reason {
  /// It asked for a restart, such as a receiver whose connection was refused.
  requested,
  /// It died or threw.
  failed,
};

struct restart_decision {
  enum class action { restart, escalate };

  action what = action::restart;
  /// To wait before the restart.
  duration delay;
  /// Restarts in a row without a quiet period, this one included.
  std::uint64_t attempt = 0;
};

/// Restart with backoff and jitter under an intensity limit, as an OTP supervisor: decides, and
/// leaves doing to its owner (one supervisor, one child, one thread). Restarts that were requested
/// back off too, but do not count against the limit: a peer that is away for an hour is no bug.
/// Remembers at most `max_restarts` points of time.
class restart_policy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `random` must outlive the policy. Throws `stream_error` if the options are not valid.
  restart_policy(restart_options options, random_source& random);

  /// The child is down at `now`. `asked_delay`, when given, is taken instead of the backoff.
  [[nodiscard]] restart_decision decide(time_point now, restart_reason reason,
                                        std::optional<duration> asked_delay = {});

private:
  [[nodiscard]] bool over_limit(time_point now);
  [[nodiscard]] duration backoff();

  restart_options options_;
  random_source& random_;
  std::deque<time_point> failures_; // within `period`, oldest first
  std::uint64_t attempt_ = 0;
  time_point running_since_; // when the last restart took effect; meaningful if attempt_ > 0
};

} // namespace millrace
