#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/local/event_queue.hpp"
#include "millrace/engine/runtime.hpp"

#include <memory>

namespace millrace {

class local_job;

/// Runs a whole job on the caller's thread with a hand-moved clock: what the inline and the
/// simulated runtime have in common.
///
/// Everything happens inside `advance`, which calls listeners and outputs too. Receivers may store
/// from threads of their own. Sockets, and `receiver_base::run`, need the actor runtime: a job that
/// uses a socket fails to start with errc::unsupported. A receiver that asks for a restart gets it
/// at the next advance past the delay. Where stream.receiver_max_rate holds, a receiver's own
/// threads wait for the clock, in `store`; what is stored by the thread that moves the clock is
/// taken at once, and waits itself, in its block, until it is within the rate. Only the thread that
/// moves the clock may stop the job, update a rate or ask for one.
class local_runtime : public runtime {
public:
  ~local_runtime() override;

  /// Moves the clock and runs every batch that falls due. An error stops the run and is reported to
  /// the context.
  void advance(duration by);

  batch_time now() const { return clock_->wall_now(); }

  void request_stop(stop_mode mode) override;
  bool wait_stopped(std::optional<std::chrono::milliseconds> limit) override;
  void update_rate(stream_id stream, double records_per_second) override;
  std::optional<std::int64_t> rate_limit(stream_id stream) const override;
  bool on_own_thread() const override;

protected:
  explicit local_runtime(batch_time start);

  void run(job what, event_queue::choice pick);

private:
  std::shared_ptr<manual_clock> clock_;
  std::unique_ptr<local_job> running_;
  bool started_ = false; ///< `start` has returned.
};

} // namespace millrace
