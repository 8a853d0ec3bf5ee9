#include "millrace/actors/compute/stage.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/control/planes.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/engine/stage_partition.hpp"

namespace millrace::actors {

namespace {

struct stage_state : partition_effects {
  static inline const char* name = "stage";

  stage_actor::stateful_pointer<stage_state> self = nullptr;
  environment_ptr env;
  compute_plane_ptr plane;
  std::shared_ptr<stage_chain> chain;
  std::optional<stage_partition> core;

  void run_task(batch_time time, stage_chain::run batch) override {
    auto work = std::make_shared<stage_chain::run>(std::move(batch));
    env->pool->submit(
        [env = env, chain = chain, work = std::move(work), time, me = stage_actor{self}]() mutable {
          chain->finish(*work, env->what.settings.task_max_failures, *env->time);
          tell_after_task(*env, me, task_done{time, std::move(work)});
        });
  }

  void send(const stage_edge& edge, std::uint32_t target, batch_time time, std::uint32_t slot,
            slot_delivery what) override {
    if (edge.to_output)
      tell(*env, self, plane->sink, output_delivery{edge.output, time, slot, std::move(what)});
    else
      tell(*env, self, plane->stages[edge.stage.value()][target],
           exchange_delivery{time, slot, std::move(what)});
  }
};

using self_ptr = stage_actor::stateful_pointer<stage_state>;

stage_actor::behavior_type behave(self_ptr self, environment_ptr env, compute_plane_ptr plane,
                                  std::uint32_t partition, std::shared_ptr<stage_chain> chain) {
  init_actor(self);
  auto& s = self->state;
  s.self = self;
  s.core.emplace(chain, partition, env->what.settings.task_max_failures, env->outlet, s);
  s.chain = std::move(chain);
  s.plane = std::move(plane);
  s.env = std::move(env);
  return {
      [self](const run_batch& run) {
        own_thread_mark mark{self->state.env->owner};
        self->state.core->run({run.input, run.failure});
      },
      [self](const exchange_delivery& m) {
        own_thread_mark mark{self->state.env->owner};
        if (auto ok = self->state.core->deliver(m.time, m.slot, m.what); !ok)
          throw stream_error{ok.error()};
      },
      [self](const task_done& m) {
        own_thread_mark mark{self->state.env->owner};
        self->state.core->task_done(m.time, *m.result);
      },
  };
}

} // namespace

stage_actor spawn_stage(caf::actor_system& system, environment_ptr env, compute_plane_ptr plane,
                        const chain_plan& chain, std::uint32_t partition) {
  // Made here, because copying user functions may throw, and then it is the start that fails.
  stage_environment around{env->seed, env->zero, env->pool};
  around.blocks = &env->store;
  auto instances = std::make_shared<stage_chain>(env->plan, chain, partition, around);
  return system.spawn(behave, std::move(env), std::move(plane), partition, std::move(instances));
}

} // namespace millrace::actors
