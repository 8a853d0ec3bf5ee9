#include "millrace/actors/control/batch_clock.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/engine/batch_schedule.hpp"

namespace millrace::actors {

namespace {

struct clock_state {
  static inline const char* name = "batch_clock";
  environment_ptr env;
  std::optional<batch_schedule> schedule;
  bool stopped = false;
};

using self_ptr = batch_clock_actor::stateful_pointer<clock_state>;

void tick(self_ptr self) {
  auto& s = self->state;
  auto& env = *s.env;
  if (s.stopped)
    return;
  auto now = env.time->wall_now();
  auto due = s.schedule->due(now);
  if (!due.empty())
    tell(env, self, env.wiring.tracker, batch_due{due.begin, due.end - due.period, due.period});
  if (env.manual_time)
    return;
  env.messages.fetch_add(1, std::memory_order_relaxed);
  self->scheduled_send(self, env.time->steady_at(s.schedule->deadline()), clock_tick{});
}

batch_clock_actor::behavior_type behave(self_ptr self, environment_ptr env) {
  init_actor(self);
  self->state.schedule.emplace(env->what.batch_interval, env->started_wall);
  self->state.env = std::move(env);
  return {
      [self](const clock_tick&) { tick(self); },
      [self](const drain& end) {
        auto& s = self->state;
        s.stopped = true;
        tell(*s.env, self, s.env->wiring.tracker,
             drain{s.schedule->deadline(), s.schedule->period(), end.done});
      },
  };
}

} // namespace

batch_clock_actor spawn_batch_clock(caf::actor_system& system, environment_ptr env) {
  return system.spawn(behave, std::move(env));
}

} // namespace millrace::actors
