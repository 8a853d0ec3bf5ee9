#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/base/random.hpp"
#include "millrace/engine/job_outlet.hpp"
#include "millrace/engine/job_settings.hpp"
#include "millrace/engine/receiver_parts.hpp"
#include "millrace/intake/restart_policy.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace millrace {

/// What a runtime does for a receiver's life cycle.
class receiver_effects {
public:
  virtual ~receiver_effects() = default;

  /// A new life: on_start. -> started or ended
  virtual void begin_life() = 0;

  /// The present life is to end: on_stop, and its threads are joined. -> stop_threw if it does, and
  /// then ended
  virtual void end_life() = 0;

  /// -> restart_due
  virtual void restart_at(std::chrono::steady_clock::time_point when) = 0;

  /// What `finish` asked for is done.
  virtual void life_finished() = 0;
};

/// The lives of one receiver, one after the other: when it is started, restarted with back-off, or
/// given up, what listeners, log and metrics are told, and how it ends.
///
/// A receiver that fails more often than its restart limit allows ends the job, gracefully. A stop
/// that it asked for holds, however the life ends. Owned by one thread at a time (a receiver
/// supervisor).
class receiver_life_cycle {
public:
  /// All that is given by reference must outlive it.
  receiver_life_cycle(receiver_parts_ptr parts, const job_settings& settings, std::uint64_t seed,
                      const clock& time, job_outlet& outlet, receiver_effects& effects);

  void start();

  /// on_start has returned.
  void started();

  void stop_threw(const std::string& message);

  /// The life is over; `failure`: what was thrown by on_start or one of its threads.
  void ended(std::optional<std::string> failure);

  void request(const receiver_request& request);

  /// The time for a restart may have come.
  void restart_due();

  /// The receiver is to end for good.
  void finish();

  bool alive() const noexcept { return alive_; }

private:
  void end_for_good();
  void restart_later(restart_reason why, const std::string& reason, std::optional<duration> delay);
  void give_up(const std::string& reason);
  void report(const std::string& message);
  void note_error(const std::string& message);
  void post(void (listener::*event)(const receiver_info&));

  receiver_parts_ptr parts_;
  const job_settings& settings_;
  const clock& time_;
  job_outlet& outlet_;
  receiver_effects& effects_;
  logger log_;
  seeded_random random_;
  restart_policy policy_;
  receiver_info info_;
  bool alive_ = false;
  std::optional<std::chrono::steady_clock::time_point> restart_at_;
  std::optional<receiver_request> request_; ///< What the present life asked for before it ended.
  bool finishing_ = false;
  bool ended_ = false;
};

} // namespace millrace
