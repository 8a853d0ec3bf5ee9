#include "millrace/actors/shutdown/shutdown.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver_parts.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/intake/intake.hpp"

#include <algorithm>

namespace millrace::actors {

namespace {

std::chrono::milliseconds graceful_limit(const job& what) {
  auto given = what.conf.get_duration("stop.graceful_timeout");
  if (given.ms() > 0)
    return given.chrono();
  return std::max((what.batch_interval * 10).chrono(),
                  what.conf.get_duration("stop.phase_timeout").chrono());
}

} // namespace

shutdown::shutdown(shutdown_target target, std::function<bool()> give_up)
    : target_{std::move(target)},
      give_up_{std::move(give_up)},
      log_{target_.env->log.named("shutdown")},
      phase_limit_{target_.env->what.conf.get_duration("stop.phase_timeout").chrono()},
      graceful_limit_{graceful_limit(target_.env->what)} {}

void shutdown::wake() {
  std::lock_guard guard{mutex_};
  if (waiting_)
    waiting_->wake();
}

bool shutdown::phase(const char* name, std::size_t parties, phase_limit limit,
                     const std::function<void(const std::shared_ptr<completion>&)>& begin,
                     bool interruptible) {
  if (parties == 0)
    return true;
  auto done = std::make_shared<completion>(parties);
  {
    std::lock_guard guard{mutex_};
    waiting_ = done;
  }
  begin(done);
  return wait(name, limit, interruptible);
}

bool shutdown::wait(const char* name, phase_limit limit, bool interruptible) {
  auto deadline = std::chrono::steady_clock::now() + limit;
  bool ok = waiting_->wait_until(deadline, [&] { return interruptible && give_up_(); });
  if (!ok && !(interruptible && give_up_()))
    log_.warning(std::string{"Timed out while stopping "} + name +
                 " (timeout = " + std::to_string(limit.count()) + " ms); going on without it");
  return ok;
}

void shutdown::stop_receivers(bool graceful) {
  auto& env = *target_.env;
  auto refuse_records = [&] {
    for (auto& receiver : target_.receivers)
      receiver->into->stop();
  };
  if (!graceful)
    refuse_records();
  auto begin = [&](const std::shared_ptr<completion>& done) {
    for (auto& [stream, supervisor] : env.wiring.supervisors)
      tell_from_thread(env, supervisor, finish_phase{done});
  };
  auto limit = graceful ? std::max(graceful_limit_, phase_limit_) : phase_limit_;
  bool ended = phase("the receivers", env.wiring.supervisors.size(), limit, begin, graceful);
  refuse_records();
  // A receiver that was cut short may have waited for room or permits: now it gets neither.
  if (!ended && graceful)
    ended = wait("the receivers", phase_limit_, false);
  for (auto& receiver : target_.receivers) {
    std::lock_guard guard{receiver->link->mutex};
    if (!ended && receiver->link->life)
      log_.error("receiver " + receiver->link->name +
                 " has not returned from on_start, on_stop or a thread given to run; its "
                 "threads are abandoned");
  }
  all_ended_ = all_ended_ && ended;
}

void shutdown::drain_batches() {
  auto& env = *target_.env;
  auto begin_blocks = [&](const std::shared_ptr<completion>& done) {
    for (auto& [stream, generator] : env.wiring.generators)
      tell_from_thread(env, generator, finish_phase{done});
  };
  phase("the block generators", env.wiring.generators.size(), graceful_limit_, begin_blocks);
  phase("the batches", 1, graceful_limit_, [&](const std::shared_ptr<completion>& done) {
    tell_from_thread(env, env.wiring.clock, drain{{}, {}, done});
  });
}

bool shutdown::stop_threads() {
  auto& env = *target_.env;
  bool pool = env.pool->stop(phase_limit_);
  if (!pool)
    log_.error(
        "a function given to an operation has not returned; its compute thread is abandoned");
  bool output = env.output_thread.stop(phase_limit_);
  if (!output)
    log_.error("an output function has not returned; its thread is abandoned");
  bool input = !env.input_thread || env.input_thread->stop(phase_limit_);
  if (!input)
    log_.error("a source has not returned from being asked for a batch; its thread is abandoned");
  return pool && output && input;
}

bool shutdown::stop_actors() {
  auto& w = target_.env->wiring;
  auto stop = [](const auto& handle) { stop_now(caf::actor_cast<caf::strong_actor_ptr>(handle)); };
  for (auto& [stream, supervisor] : w.supervisors)
    stop(supervisor);
  for (auto& [stream, generator] : w.generators)
    stop(generator);
  stop(w.clock);
  stop(w.tracker);
  stop(w.coordinator);
  for (auto& partitions : w.stages)
    for (auto& stage : partitions)
      stop(stage);
  stop(w.sink);
  bool ended = target_.actors_ended->wait_until(std::chrono::steady_clock::now() + phase_limit_,
                                                [] { return false; });
  if (!ended)
    log_.error("some actors of the job have not ended; the actor system is left behind");
  return ended;
}

bool shutdown::run() {
  bool graceful = !give_up_();
  stop_receivers(graceful);
  if (graceful && !give_up_())
    drain_batches();
  all_ended_ = stop_threads() && all_ended_;
  all_ended_ = stop_actors() && all_ended_;
  auto& env = *target_.env;
  env.listeners.post([now = env.time->wall_now()](listener& l) { l.on_streaming_stopped(now); });
  if (!env.listeners.stop(phase_limit_)) {
    all_ended_ = false;
    log_.error("a listener has not returned; its thread is abandoned");
  }
  return all_ended_;
}

} // namespace millrace::actors
