#include "millrace/actors/ingest/receiver_supervisor.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/engine/receiver_life_cycle.hpp"
#include "millrace/intake/intake_pacer.hpp"

namespace millrace::actors {

namespace {

struct supervisor_state : receiver_effects {
  static inline const char* name = "receiver_supervisor";

  receiver_supervisor_actor::stateful_pointer<supervisor_state> self = nullptr;
  environment_ptr env;
  hosted_receiver receiver;
  std::optional<receiver_life_cycle> core;
  receiver_actor child;
  std::shared_ptr<completion> finishing;

  void begin_life() override {
    child = spawn_receiver(self, env, receiver, self);
    self->monitor(child);
  }

  void end_life() override { tell(*env, self, child, finish_phase{}); }

  void restart_at(std::chrono::steady_clock::time_point when) override {
    if (!env->manual_time)
      self->scheduled_send(self, when, restart_due{});
  }

  void life_finished() override { finishing->complete(); }
};

using self_ptr = receiver_supervisor_actor::stateful_pointer<supervisor_state>;

/// What the receiver threw, if that is how its life ended.
std::optional<std::string> failure_of(const caf::down_msg& down) {
  if (!down.reason || down.reason == caf::exit_reason::normal)
    return std::nullopt;
  if (down.reason.context().match_elements<std::string>())
    return down.reason.context().get_as<std::string>(0);
  return down.reason.context().empty() ? "failed" : caf::to_string(down.reason.context());
}

void on_down(self_ptr self, const caf::down_msg& down) {
  auto& s = self->state;
  if (!s.child || down.source != s.child->address())
    return;
  s.child = nullptr;
  s.core->ended(failure_of(down));
}

/// `started`, or `stopped` with what on_stop threw.
void on_event(self_ptr self, const receiver_event& event) {
  if (event.what == receiver_event::kind::stopped)
    self->state.core->stop_threw(event.message);
  else
    self->state.core->started();
}

receiver_supervisor_actor::behavior_type behave(self_ptr self, environment_ptr env,
                                                hosted_receiver receiver) {
  init_actor(self);
  auto& s = self->state;
  auto& parts = receiver.parts;
  s.self = self;
  s.core.emplace(parts, env->what.settings, env->seed.value, *env->time, env->outlet, s);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  parts->user->attach(parts->name.stream, make_receiver_host(env, receiver, self), parts->into);
  s.env = std::move(env);
  s.receiver = std::move(receiver);
  s.core->start();
  return {
      [self](const receiver_request& request) { self->state.core->request(request); },
      [self](const receiver_event& event) { on_event(self, event); },
      [self](const restart_due&) { self->state.core->restart_due(); },
      [self](const rate_changed& rate) {
        self->state.receiver.parts->pacer->update_rate(rate.records_per_second);
      },
      [self](const finish_phase& phase) {
        self->state.finishing = phase.done;
        self->state.core->finish();
      },
  };
}

} // namespace

receiver_supervisor_actor spawn_receiver_supervisor(caf::actor_system& system, environment_ptr env,
                                                    hosted_receiver receiver) {
  return system.spawn(behave, std::move(env), std::move(receiver));
}

} // namespace millrace::actors
