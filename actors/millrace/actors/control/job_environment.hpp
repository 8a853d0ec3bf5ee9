#pragma once

#include "millrace/actors/compute/serial_thread.hpp"
#include "millrace/actors/control/listener_bus.hpp"
#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"
#include "millrace/actors/protocol/messages.hpp"
#include "millrace/actors/system/message_turn.hpp"
#include "millrace/base/clock.hpp"
#include "millrace/block/block_store.hpp"
#include "millrace/engine/batch_schedule.hpp"
#include "millrace/engine/job.hpp"
#include "millrace/engine/job_outlet.hpp"
#include "millrace/plan/plan.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <vector>

namespace millrace::actors {

/// What the parts of the engine say, as this runtime tells it: on the listener thread, and by a
/// stop of the whole job.
class environment_outlet final : public job_outlet {
public:
  explicit environment_outlet(job_environment& env);

  bool listened_to() const override;
  void post(event e) override;
  void end_job(const error& why, stop_mode how) override;

private:
  job_environment& env_;
};

/// What the actors of one job share. Everything here is immutable or thread-safe; the runtime owns
/// it and outlives them.
struct job_environment {
  job_environment(job j, std::shared_ptr<const clock> t, const void* owner);

  job what;
  /// The clocks of the machine, whose wall time may be set at any moment.
  std::shared_ptr<const clock> machine_time;
  /// The time of the job and its batches, anchored at the start: its wall time goes on with the
  /// steady clock whatever the machine's is set to. A clock that is moved by hand is both.
  std::shared_ptr<const clock> time;
  /// Whether the clock is moved by hand: then nothing arms timers for batches and blocks.
  bool manual_time = false;
  hash_seed seed;
  job_plan plan;
  logger log;
  block_store store;
  listener_bus listeners;
  environment_outlet outlet;
  std::shared_ptr<compute_pool> pool;
  serial_thread output_thread;
  /// Asks pull sources that may block; none when no source does.
  std::unique_ptr<serial_thread> input_thread;
  /// When the job started: the grids of batches and blocks begin here.
  batch_time started_wall;
  std::chrono::steady_clock::time_point started_steady;
  /// The grid of batches, as it was at the start.
  batch_schedule schedule;
  /// Where time begins for windows and slides.
  batch_time zero;
  std::function<void(stop_mode)> request_stop;
  const void* owner;
  /// Messages sent between actors, timers included: for tests and benchmarks.
  std::atomic<std::uint64_t> messages{0};

  std::chrono::steady_clock::time_point steady_now() const { return time->steady_now(); }
};

/// Sends from an actor, counted.
template <class Self, class Handle, class Message>
void tell(job_environment& env, Self* self, const Handle& to, Message&& what) {
  env.messages.fetch_add(1, std::memory_order_relaxed);
  self->send(to, std::forward<Message>(what));
}

/// Sends from a plain thread, counted.
template <class Handle, class Message>
void tell_from_thread(job_environment& env, const Handle& to, Message&& what) {
  env.messages.fetch_add(1, std::memory_order_relaxed);
  caf::anon_send(to, std::forward<Message>(what));
}

/// Sends from an actor to one whose handler may take longer than others: a worker runs it, and not
/// the thread whose turn it is now.
template <class Handle, class Message>
void tell_worker(job_environment& env, const Handle& to, Message&& what) {
  tell_from_thread(env, to, std::forward<Message>(what));
}

/// As `tell_from_thread`, at the end of a task of a thread of the job, which then runs the handlers
/// that the message makes ready.
template <class Handle, class Message>
void tell_after_task(job_environment& env, const Handle& to, Message&& what) {
  env.messages.fetch_add(1, std::memory_order_relaxed);
  send_and_run(to, std::forward<Message>(what));
}

} // namespace millrace::actors
