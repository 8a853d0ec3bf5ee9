#include "millrace/actors/shutdown/shutdown.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/callback_thread.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/intake/intake.hpp"

namespace millrace::actors {

shutdown::shutdown(shutdown_target target, std::function<bool()> give_up)
    : target_{std::move(target)},
      give_up_{std::move(give_up)},
      log_{target_.env->log.named("shutdown")} {}

void shutdown::wake() {
  std::lock_guard guard{mutex_};
  if (waiting_)
    waiting_->wake();
}

bool shutdown::run() {
  stop_sequence sequence{target_.env->what.settings,
                         give_up_() ? stop_mode::immediate : stop_mode::graceful};
  bool ended = true;
  while (auto next = sequence.next(ended, give_up_()))
    ended = carry_out(*next);
  return sequence.clean();
}

bool shutdown::carry_out(const step& what) {
  switch (what.phase) {
  case stop_phase::receivers:
    return stop_receivers(what);
  case stop_phase::intakes:
    for (auto& receiver : target_.receivers)
      receiver.parts->into->stop();
    return true;
  case stop_phase::receivers_cut_short:
    return log_receivers(wait("the receivers", what));
  case stop_phase::blocks:
    return store_blocks(what);
  case stop_phase::batches:
    return drain_batches(what);
  case stop_phase::threads:
    return stop_threads(what);
  case stop_phase::actors:
    return stop_actors(what);
  case stop_phase::listeners:
    return stop_listeners(what);
  }
  return true;
}

bool shutdown::wait_for(const char* name, std::size_t parties, const step& what,
                        const std::function<void(const completion_ptr&)>& begin) {
  if (parties == 0)
    return true;
  auto done = std::make_shared<completion>(parties);
  {
    std::lock_guard guard{mutex_};
    waiting_ = done;
  }
  begin(done);
  return wait(name, what);
}

/// A step without a limit is told of while it lasts.
bool shutdown::wait(const char* name, const step& what) {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds told_each{5};
  auto given_up = [&] { return what.interruptible && give_up_(); };
  while (!what.limit) {
    if (waiting_->wait_until(clock::now() + told_each, given_up))
      return true;
    if (given_up())
      return false;
    log_.info("stopping gracefully; left: " + describe(target_.env->outlet.backlog()) +
              " (a second signal, or an immediate stop, ends it)");
  }
  bool ok = waiting_->wait_until(clock::now() + *what.limit, given_up);
  if (!ok && !given_up())
    log_.warning(std::string{"Timed out while stopping "} + name + " (timeout = " +
                 std::to_string(what.limit->count()) + " ms); going on without it");
  return ok;
}

/// What a graceful stop waits for and does not get is an error of the job.
bool shutdown::wait_for_data(const char* name, std::size_t parties, const step& what,
                             const std::function<void(const completion_ptr&)>& begin) {
  bool ok = wait_for(name, parties, what, begin);
  if (!ok && what.limit && !give_up_()) {
    auto left = unfinished_error(target_.env->outlet.backlog(), *what.limit);
    log_.error(left.message);
    target_.env->what.report_error(left);
  }
  return ok;
}

bool shutdown::stop_receivers(const step& what) {
  auto& env = *target_.env;
  auto& supervisors = target_.actors.ingest->supervisors;
  bool ended = wait_for("the receivers", supervisors.size(), what, [&](const completion_ptr& done) {
    for (auto& [stream, supervisor] : supervisors)
      tell_from_thread(env, supervisor, finish_phase{done});
  });
  // Of a step that can be interrupted, those that go on get another chance.
  return what.interruptible ? ended : log_receivers(ended);
}

bool shutdown::log_receivers(bool ended) {
  for (auto& receiver : target_.receivers) {
    std::lock_guard guard{receiver.slot->mutex};
    if (!ended && receiver.slot->life)
      log_.error("receiver " + receiver.parts->name.text +
                 " has not returned from on_start, on_stop or a thread given to run; its "
                 "threads are abandoned");
  }
  return ended;
}

bool shutdown::store_blocks(const step& what) {
  auto& env = *target_.env;
  auto& generators = target_.actors.ingest->generators;
  return wait_for_data("the block generators", generators.size(), what,
                       [&](const completion_ptr& done) {
                         for (auto& [stream, generator] : generators)
                           tell_from_thread(env, generator, finish_phase{done});
                       });
}

bool shutdown::drain_batches(const step& what) {
  auto& env = *target_.env;
  return wait_for_data("the batches", 1, what, [&](const completion_ptr& done) {
    tell_from_thread(env, target_.actors.control.clock, stop_ticking{done});
  });
}

bool shutdown::stop_threads(const step& what) {
  auto& env = *target_.env;
  bool pool = env.pool->stop(*what.limit);
  if (!pool)
    log_.error(
        "a function given to an operation has not returned; its compute thread is abandoned");
  bool output = env.output_thread.stop(*what.limit);
  if (!output)
    log_.error("an output function has not returned; its thread is abandoned");
  bool input = !env.input_thread || env.input_thread->stop(*what.limit);
  if (!input)
    log_.error("a source has not returned from being asked for a batch; its thread is abandoned");
  bool receivers = true;
  for (auto& receiver : target_.receivers) {
    if (receiver.callbacks->stop(*what.limit))
      continue;
    receivers = false;
    log_.error("receiver " + receiver.parts->name.text +
               " has not returned from a callback of store; its thread is abandoned");
  }
  return pool && output && input && receivers;
}

bool shutdown::stop_actors(const step& what) {
  auto& planes = target_.actors;
  auto stop = [](const auto& handle) { stop_now(caf::actor_cast<caf::strong_actor_ptr>(handle)); };
  for (auto& [stream, supervisor] : planes.ingest->supervisors)
    stop(supervisor);
  for (auto& [stream, generator] : planes.ingest->generators)
    stop(generator);
  stop(planes.control.clock);
  stop(planes.control.driver);
  for (auto& partitions : planes.compute->stages)
    for (auto& stage : partitions)
      stop(stage);
  stop(planes.compute->sink);
  bool ended = target_.actors_ended->wait_until(std::chrono::steady_clock::now() + *what.limit,
                                                [] { return false; });
  if (!ended)
    log_.error("some actors of the job have not ended; the actor system is left behind");
  return ended;
}

bool shutdown::stop_listeners(const step& what) {
  auto& env = *target_.env;
  env.listeners.post([now = env.time->wall_now()](listener& l) { l.on_streaming_stopped(now); });
  bool ended = env.listeners.stop(*what.limit);
  if (!ended)
    log_.error("a listener has not returned; its thread is abandoned");
  env.what.repeats->finish();
  return ended;
}

} // namespace millrace::actors
