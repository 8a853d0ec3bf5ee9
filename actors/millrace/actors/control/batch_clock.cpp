#include "millrace/actors/control/batch_clock.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/engine/batch_schedule.hpp"

namespace millrace::actors {

namespace {

struct clock_state {
  static inline const char* name = "batch_clock";
  environment_ptr env;
  job_driver_actor driver;
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
    tell(env, self, s.driver, batch_due{due.begin, due.end - due.period, due.period});
  if (env.manual_time)
    return;
  env.messages.fetch_add(1, std::memory_order_relaxed);
  self->scheduled_send(self, env.time->steady_at(s.schedule->deadline()), clock_tick{});
}

batch_clock_actor::behavior_type behave(self_ptr self, environment_ptr env,
                                        job_driver_actor driver) {
  init_actor(self);
  self->state.schedule.emplace(env->what.settings.batch_interval, env->started_wall);
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
        tell(*s.env, self, s.driver, drain{s.schedule->deadline(), s.schedule->period(), end.done});
      },
  };
}

} // namespace

batch_clock_actor spawn_batch_clock(caf::actor_system& system, environment_ptr env,
                                    job_driver_actor driver) {
  return system.spawn(behave, std::move(env), std::move(driver));
}

} // namespace millrace::actors
