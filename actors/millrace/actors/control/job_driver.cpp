#include "millrace/actors/control/job_driver.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/control/planes.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/engine/batch_driver.hpp"

namespace millrace::actors {

namespace {

struct driver_state : batch_effects {
  static inline const char* name = "job_driver";

  job_driver_actor::stateful_pointer<driver_state> self = nullptr;
  environment_ptr env;
  std::shared_ptr<const ingest_plane> ingest;
  std::shared_ptr<const compute_plane> compute;
  std::optional<batch_driver> core;
  std::shared_ptr<completion> on_drained;

  /// Sources that may block are asked on the input thread, one batch at a time.
  void pull(batch_time time, std::shared_ptr<const job_input_limits> limits) override {
    if (env->input_thread) {
      env->input_thread->submit([env = env, time, limits = std::move(limits), pulls = core->pulls(),
                                 me = job_driver_actor{self}] {
        auto from = std::make_shared<result<pulled_inputs>>(pulls->pull(time, *limits));
        tell_after_task(*env, me, inputs_pulled{time, std::move(from)});
      });
      return;
    }
    core->inputs_pulled(time, pull_here(time, *limits));
  }

  /// A pull source is user code: a stop() in it must not wait for this thread.
  result<pulled_inputs> pull_here(batch_time time, const job_input_limits& limits) const {
    own_thread_mark mark{env->owner};
    return core->pulls()->pull(time, limits);
  }

  void run(source_input what) override {
    tell(*env, self, compute->stages[what.stage.value()][what.partition],
         run_batch{std::move(what.input), std::move(what.failure)});
  }

  void room_available(stream_id stream) override {
    tell(*env, self, ingest->generators.at(stream), actors::room_available{});
  }

  void go_on_later() override { tell_worker(*env, job_driver_actor{self}, go_on{}); }

  void drained() override { on_drained->complete(); }
};

using self_ptr = job_driver_actor::stateful_pointer<driver_state>;

job_driver_actor::behavior_type behave(self_ptr self, environment_ptr env) {
  init_actor(self);
  auto& s = self->state;
  s.self = self;
  s.core.emplace(env->plan, env->what.settings, env->zero, env->store, *env->time, env->outlet, s);
  s.env = std::move(env);
  return {
      [self](const ingest_started& m) { self->state.ingest = m.plane; },
      [self](const compute_started& m) { self->state.compute = m.plane; },
      [self](const batch_due& m) { self->state.core->due(m.first, m.through, m.period); },
      [self](const block_stored& m) { self->state.core->block_stored(m.block); },
      [self](const store_full& m) { self->state.core->store_full(m.stream); },
      [self](const inputs_pulled& m) {
        self->state.core->inputs_pulled(m.time, std::move(*m.from));
      },
      [self](const outputs_done& m) {
        self->state.core->outputs_done(m.time, m.outputs, m.failure);
      },
      [self](const go_on&) { self->state.core->go_on(); },
      [self](const drain& m) {
        self->state.on_drained = m.done;
        self->state.core->drain(m.last_tick, m.period);
      },
  };
}

} // namespace

job_driver_actor spawn_job_driver(caf::actor_system& system, environment_ptr env) {
  return system.spawn(behave, std::move(env));
}

} // namespace millrace::actors
