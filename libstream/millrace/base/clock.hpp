#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"

#include <chrono>
#include <mutex>

namespace millrace {

/// The seam through which everything reads the time. Implementations may be called from any thread.
/// `wall_now` may jump when the machine's clock is set; `steady_now` never goes back.
class clock {
public:
  clock() = default;
  clock(const clock&) = delete;
  clock& operator=(const clock&) = delete;
  virtual ~clock() = default;

  /// Milliseconds since the Unix epoch, for batch times and what people read.
  [[nodiscard]] virtual batch_time wall_now() const = 0;

  /// For measuring how long things take and for deadlines.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady_now() const = 0;

  /// The steady time at which the wall clock will reach `wall` if nobody sets it meanwhile: what a
  /// timer for a batch time waits for. Never early by more than the clocks drift apart until then.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady_at(batch_time wall) const;
};

/// A clock that stands still until it is moved by hand: the time of tests and of the inline
/// runtime. Safe to read and move from any thread. Moves forward only; moving it back throws
/// `stream_error(invalid_argument)` and leaves it where it was. The steady time starts at the same
/// number of milliseconds and moves by the same amounts; past 146 years from its epoch it stands
/// still, so that intervals can be added to it wherever the clock is set to.
class manual_clock final : public clock {
public:
  explicit manual_clock(batch_time start = batch_time{0}) : now_{start} {}

  [[nodiscard]] batch_time wall_now() const override {
    const std::lock_guard guard{mutex_};
    return now_;
  }

  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override;

  void advance(duration by) {
    const std::lock_guard guard{mutex_};
    move_to(now_ + by);
  }

  void set(batch_time to) {
    const std::lock_guard guard{mutex_};
    move_to(to);
  }

private:
  void move_to(batch_time to) {
    if (to < now_)
      throw stream_error{errc::invalid_argument, "manual_clock: the clock stands at " +
                                                     to_string(now_) + " and cannot go back to " +
                                                     to_string(to)};
    now_ = to;
  }

  mutable std::mutex mutex_;
  batch_time now_;
};

} // namespace millrace
