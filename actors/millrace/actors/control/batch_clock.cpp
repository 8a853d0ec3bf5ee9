#include "millrace/actors/control/batch_clock.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/engine/batch_pacer.hpp"

namespace millrace::actors {

namespace {

struct clock_state {
  static inline const char* name = "batch_clock";
  environment_ptr env;
  job_driver_actor driver;
  std::optional<batch_pacer> pacer;
  logger log;
  bool stopped = false;
};

using self_ptr = batch_clock_actor::stateful_pointer<clock_state>;

void tick(self_ptr self) {
  auto& s = self->state;
  auto& env = *s.env;
  if (s.stopped)
    return;
  auto pace = s.pacer->look(env.time->wall_now(), env.machine_time->wall_now());
  for (auto& line : pace.lines)
    s.log.log(line.level, line.text);
  env.what.repeats->look();
  if (pace.missed != 0)
    env.what.metrics->add("batches_missed_total", "", pace.missed);
  if (auto& due = pace.due; !due.empty())
    tell(env, self, s.driver, batch_due{due.begin, due.end - due.period, due.period});
  if (env.manual_time || !pace.next)
    return;
  env.messages.fetch_add(1, std::memory_order_relaxed);
  self->scheduled_send(self, env.time->steady_at(*pace.next), clock_tick{});
}

batch_clock_actor::behavior_type behave(self_ptr self, environment_ptr env,
                                        job_driver_actor driver) {
  init_actor(self);
  // A clock that is moved by hand is not looked at each time it is moved, and misses nothing.
  auto policy = env->manual_time ? missed_batches::all : env->what.settings.on_missed_batches;
  self->state.pacer.emplace(env->schedule, policy);
  self->state.log = env->log.named("batch_clock");
  self->state.driver = std::move(driver);
  self->state.env = std::move(env);
  return {
      [self](const clock_tick& m) {
        tick(self);
        if (m.moved)
          m.moved->complete();
      },
      [self](const stop_ticking& end) {
        auto& s = self->state;
        s.stopped = true;
        if (auto line = s.pacer->last_words())
          s.log.log(line->level, line->text);
        tell(*s.env, self, s.driver, drain{s.pacer->upcoming(), s.pacer->period(), end.done});
      },
  };
}

} // namespace

batch_clock_actor spawn_batch_clock(caf::actor_system& system, environment_ptr env,
                                    job_driver_actor driver) {
  return system.spawn(behave, std::move(env), std::move(driver));
}

} // namespace millrace::actors
