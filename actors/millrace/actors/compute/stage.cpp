#include "millrace/actors/compute/stage.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/engine/stage_chain.hpp"

#include <vector>

namespace millrace::actors {

namespace {

struct stage_state {
  static inline const char* name = "stage";
  environment_ptr env;
  std::shared_ptr<stage_chain> chain;
  std::optional<input_gate> gate;
  /// At most the batches in flight. Not a deque, which costs more than the rest of an idle stage.
  std::vector<input_gate::ready> ready;
  bool running = false;
};

using self_ptr = stage_actor::stateful_pointer<stage_state>;

void send_on(self_ptr self, batch_time time, stage_chain::run& from) {
  auto& s = self->state;
  auto& env = *s.env;
  s.chain->route(from, [&](const stage_edge& edge, std::uint32_t target, std::uint32_t slot,
                           slot_delivery what) {
    if (edge.to_output)
      tell(env, self, env.wiring.sink, output_delivery{edge.output, time, slot, std::move(what)});
    else
      tell(env, self, env.wiring.stages[edge.stage.value()][target],
           exchange_delivery{time, slot, std::move(what)});
  });
}

void pump(self_ptr self) {
  auto& s = self->state;
  while (!s.running && !s.ready.empty()) {
    auto time = s.ready.front().input->time;
    stage_chain::run batch{std::move(s.ready.front())};
    s.ready.erase(s.ready.begin());
    {
      own_thread_mark mark{s.env->owner};
      while (!s.chain->ended(batch) && s.chain->idle(batch))
        s.chain->step(batch, s.env->max_failures());
    }
    if (s.chain->ended(batch)) {
      send_on(self, time, batch);
      continue;
    }
    s.running = true;
    auto task = [env = s.env, chain = s.chain, batch = std::move(batch), time,
                 me = stage_actor{self}]() mutable {
      while (!chain->ended(batch))
        chain->step(batch, env->max_failures());
      auto result = std::make_shared<stage_chain::run>(std::move(batch));
      tell_after_task(*env, me, task_done{time, std::move(result)});
    };
    s.env->pool->submit(std::move(task));
  }
}

stage_actor::behavior_type behave(self_ptr self, environment_ptr env, std::uint32_t partition,
                                  std::shared_ptr<stage_chain> chain) {
  init_actor(self);
  auto& s = self->state;
  s.gate.emplace(chain->head().slots_in(partition));
  s.chain = std::move(chain);
  s.env = std::move(env);
  return {
      [self](const run_batch& run) {
        self->state.ready.push_back({run.input, run.failure});
        pump(self);
      },
      [self](const exchange_delivery& m) {
        auto& state = self->state;
        if (auto ok = state.gate->deliver(m.time, m.slot, m.what); !ok)
          throw stream_error{ok.error()};
        while (auto next = state.gate->next())
          state.ready.push_back(std::move(*next));
        pump(self);
      },
      [self](const task_done& m) {
        self->state.running = false;
        send_on(self, m.time, *m.result);
        pump(self);
      },
  };
}

} // namespace

stage_actor spawn_stage(caf::actor_system& system, environment_ptr env, const chain_plan& chain,
                        std::uint32_t partition) {
  // Made here, because copying user functions may throw, and then it is the start that fails.
  auto instances = std::make_shared<stage_chain>(
      env->plan, chain, partition, stage_environment{env->seed, env->zero, env->pool});
  return system.spawn(behave, std::move(env), partition, std::move(instances));
}

} // namespace millrace::actors
