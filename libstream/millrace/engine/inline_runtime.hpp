#pragma once

#include "millrace/engine/runtime.hpp"

#include <memory>

namespace millrace {

/// Runs a whole job on the caller's thread with a hand-moved clock: for tests, and the oracle that
/// the actor runtime is compared with.
///
/// Batches run inside `advance`, in order, one at a time; listeners and outputs are called there
/// too. Receivers may store from threads of their own. Sockets, and `receiver_base::run`, need the
/// actor runtime: a job that uses a socket fails to start with errc::unsupported. A receiver that
/// asks for a restart gets it at the next advance past the delay. Where stream.receiver_max_rate
/// holds, a receiver's own threads wait for the clock, in `store`; what is stored by the thread
/// that moves the clock is taken at once, and waits itself, in its block, until it is within the
/// rate. Only the thread that moves the clock may stop the job, update a rate or ask for one.
class inline_runtime final : public runtime {
public:
  explicit inline_runtime(batch_time start = batch_time{0});
  ~inline_runtime() override;

  /// Moves the clock and runs every batch that falls due. An error stops the run and is reported to
  /// the context.
  void advance(duration by);

  batch_time now() const;

  void start(job what) override;
  void request_stop(stop_mode mode) override;
  bool wait_stopped(std::optional<std::chrono::milliseconds> limit) override;
  void update_rate(stream_id stream, double records_per_second) override;
  std::optional<std::int64_t> rate_limit(stream_id stream) const override;
  bool on_own_thread() const override;

private:
  class running;
  std::shared_ptr<manual_clock> clock_;
  std::unique_ptr<running> running_;
};

} // namespace millrace
