#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/runtime.hpp"
#include "millrace/io/network.hpp"

#include <atomic>
#include <memory>

namespace millrace::actors {

/// The seams of an actor runtime; null members mean the machine's own.
struct actor_runtime_options {
  /// A manual_clock makes batches and blocks wait for `advance`.
  std::shared_ptr<clock> time;
  std::shared_ptr<network> net;
};

class stop_request;

/// Runs a job on CAF actors, with its own actor system, compute pool, output thread and listener
/// thread.
///
/// Stopping and waiting are thread-safe, also while `start` is under way; everything else belongs
/// to the thread that starts. User code that does not return within its deadline is logged and left
/// behind with what it uses.
class actor_runtime final : public runtime {
public:
  explicit actor_runtime(actor_runtime_options options = {});
  ~actor_runtime() override;

  void start(job what) override;
  void request_stop(stop_mode mode) override;
  bool wait_stopped(std::optional<std::chrono::milliseconds> limit) override;
  void update_rate(stream_id stream, double records_per_second) override;
  std::optional<std::int64_t> rate_limit(stream_id stream) const override;
  bool on_own_thread() const override;

  /// With a manual clock: moves it, cuts what has been received into blocks, and makes the batches
  /// that fall due. Does not wait for the batches.
  void advance(duration by);

  /// Messages sent between the actors of the job so far, timers included.
  std::uint64_t messages() const;

private:
  class running;
  actor_runtime_options options_;
  std::shared_ptr<stop_request> stop_;
  std::atomic<bool> starting_{false};
  std::unique_ptr<running> running_;
  std::atomic<running*> started_{nullptr}; ///< `running_`, once `start` has made it.
};

} // namespace millrace::actors
