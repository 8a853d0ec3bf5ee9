#include "millrace/actors/ingest/receiver.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver_life.hpp"
#include "millrace/intake/intake_pacer.hpp"

namespace millrace::actors {

namespace {

struct receiver_state {
  static inline const char* name = "receiver";
  environment_ptr env;
  hosted_receiver receiver;
  caf::actor_addr supervisor;
  std::unique_ptr<receiver_life> life;
  std::optional<std::string> failure;
  bool ending = false;

  ~receiver_state() { unlink(); }

  void unlink() {
    std::lock_guard guard{receiver.slot->mutex};
    receiver.slot->life = nullptr;
  }
};

using self_ptr = receiver_actor::stateful_pointer<receiver_state>;

void end(self_ptr self) {
  auto& s = self->state;
  if (!std::exchange(s.ending, true))
    s.life->end();
}

void on_event(self_ptr self, const receiver_event& event) {
  auto& s = self->state;
  switch (event.what) {
  case receiver_event::kind::started:
    if (auto to = caf::actor_cast<receiver_supervisor_actor>(s.supervisor))
      tell(*s.env, self, to, event);
    break;
  case receiver_event::kind::failed:
    if (!s.failure && !s.ending)
      s.failure = event.message;
    // on_stop may wait for threads that wait for permits.
    s.receiver.parts->pacer->stop();
    end(self);
    break;
  case receiver_event::kind::stopped:
    s.unlink();
    s.life->join();
    // Before the news of this actor's end, which the supervisor gets from here too.
    if (auto to = caf::actor_cast<receiver_supervisor_actor>(s.supervisor);
        to && !event.message.empty())
      tell(*s.env, self, to, event);
    if (s.failure)
      self->quit(caf::make_error(caf::sec::runtime_error, *s.failure));
    else
      self->quit();
    break;
  }
}

receiver_actor::behavior_type behave(self_ptr self, environment_ptr env, hosted_receiver receiver,
                                     const caf::actor_addr& supervisor) {
  init_actor(self);
  auto& s = self->state;
  s.supervisor = supervisor;
  auto tell_me = [env, me = caf::actor_cast<caf::actor_addr>(self)](receiver_event::kind what,
                                                                    std::string message) {
    if (auto to = caf::actor_cast<receiver_actor>(me))
      tell_from_thread(*env, to, receiver_event{what, std::move(message)});
  };
  s.life = std::make_unique<receiver_life>(receiver.parts->user, std::move(tell_me), env->owner);
  s.env = std::move(env);
  s.receiver = std::move(receiver);
  {
    std::lock_guard guard{s.receiver.slot->mutex};
    s.receiver.slot->life = s.life.get();
  }
  s.life->begin();
  return {
      [self](const receiver_event& event) { on_event(self, event); },
      [self](const finish_phase&) { end(self); },
  };
}

} // namespace

receiver_actor spawn_receiver(caf::local_actor* parent, environment_ptr env,
                              hosted_receiver receiver,
                              const receiver_supervisor_actor& supervisor) {
  return parent->home_system().spawn(behave, std::move(env), std::move(receiver),
                                     caf::actor_cast<caf::actor_addr>(supervisor));
}

} // namespace millrace::actors
