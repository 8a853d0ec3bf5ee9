#pragma once

#include "millrace/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>

namespace millrace::test {

/// A machine's clocks whose times are made by a test: both go on together, and the wall clock can
/// be set. Safe on any thread.
class scripted_clock : public clock {
public:
  explicit scripted_clock(batch_time wall, std::chrono::nanoseconds steady = std::chrono::hours{5})
      : wall_{std::chrono::milliseconds{wall.ms()}}, steady_{steady} {}

  /// Time passes.
  void pass(std::chrono::nanoseconds by) {
    const std::lock_guard guard{mutex_};
    wall_ += by;
    steady_ += by;
  }

  /// The wall clock is set, `by` further or back.
  void jump(std::chrono::nanoseconds by) {
    const std::lock_guard guard{mutex_};
    wall_ += by;
  }

  batch_time wall_now() const override {
    const std::lock_guard guard{mutex_};
    return batch_time{std::chrono::floor<std::chrono::milliseconds>(wall_).count()};
  }

  std::chrono::steady_clock::time_point steady_now() const override {
    const std::lock_guard guard{mutex_};
    return std::chrono::steady_clock::time_point{steady_};
  }

  /// Exact to the nanosecond, as the machine's.
  std::chrono::steady_clock::time_point steady_at(batch_time at) const override {
    const std::lock_guard guard{mutex_};
    return std::chrono::steady_clock::time_point{steady_ +
                                                 (std::chrono::milliseconds{at.ms()} - wall_)};
  }

private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds wall_;
  std::chrono::nanoseconds steady_;
};

} // namespace millrace::test
