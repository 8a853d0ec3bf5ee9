#pragma once

#include "millrace/base/clock.hpp"

#include <chrono>
#include <memory>

namespace millrace {

/// A moment that both clocks of a machine showed: the offset between them. A value.
struct time_anchor {
  batch_time wall;
  std::chrono::steady_clock::time_point steady; ///< When the wall clock came to `wall`.

  /// What `from` shows now. Right to a millisecond even if the wall clock is set meanwhile.
  [[nodiscard]] static time_anchor of(const clock& from);

  /// The same moment with a wall time of `earliest`, if that is later: what a job goes on with that
  /// has seen later times than the wall clock shows now.
  [[nodiscard]] time_anchor not_before(batch_time earliest) const {
    return {wall.max(earliest), steady};
  }

  /// The wall time at a steady time, cut to milliseconds, had nobody set the wall clock since the
  /// anchor. The ends of time are not exceeded.
  [[nodiscard]] batch_time wall_at(std::chrono::steady_clock::time_point at) const;

  /// The steady time at which `wall_at` comes to `at`. The ends of time are not exceeded.
  [[nodiscard]] std::chrono::steady_clock::time_point steady_at(batch_time at) const;
};

/// A clock whose wall time cannot jump: it shows what the wall clock showed at the anchor and goes
/// on with the steady clock. So batch times never go back or leap, whatever the machine's clock is
/// set to. Safe to read from any thread.
class anchored_clock final : public clock {
public:
  /// Anchored to what `machine` shows now.
  explicit anchored_clock(std::shared_ptr<const clock> machine);
  anchored_clock(std::shared_ptr<const clock> machine, time_anchor at);

  [[nodiscard]] batch_time wall_now() const override { return anchor_.wall_at(steady_now()); }

  [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override {
    return machine_->steady_now();
  }

  [[nodiscard]] std::chrono::steady_clock::time_point steady_at(batch_time wall) const override {
    return anchor_.steady_at(wall);
  }

private:
  std::shared_ptr<const clock> machine_;
  time_anchor anchor_;
};

} // namespace millrace
