#include "millrace/actors/compute/sink_writer.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/engine/output_queue.hpp"

namespace millrace::actors {

namespace {

struct sink_state : output_effects {
  static inline const char* name = "sink_writer";

  sink_writer_actor::stateful_pointer<sink_state> self = nullptr;
  environment_ptr env;
  job_driver_actor driver;
  std::shared_ptr<output_runner> runner;
  std::optional<output_queue> core;

  void run(output_id output, input_gate::ready input) override {
    env->output_thread.submit([env = env, runner = runner, output, input = std::move(input),
                               me = sink_writer_actor{self}]() mutable {
      auto outcome = runner->run(output, input);
      input = {};
      tell_after_task(*env, me, output_ran{std::move(outcome)});
    });
  }

  void done(batch_time time, std::vector<output_info> outputs,
            std::optional<batch_failure> failure) override {
    tell(*env, self, driver, outputs_done{time, std::move(outputs), std::move(failure)});
  }
};

using self_ptr = sink_writer_actor::stateful_pointer<sink_state>;

sink_writer_actor::behavior_type behave(self_ptr self, environment_ptr env, job_driver_actor driver,
                                        std::shared_ptr<output_runner> runner) {
  init_actor(self);
  auto& s = self->state;
  s.self = self;
  s.core.emplace(env->plan, env->what.settings.on_batch_failure, runner, env->outlet, s);
  s.runner = std::move(runner);
  s.driver = std::move(driver);
  s.env = std::move(env);
  return {
      [self](const output_delivery& m) {
        if (auto ok = self->state.core->deliver(m.output, m.time, m.slot, m.what); !ok)
          throw stream_error{ok.error()};
      },
      [self](const output_ran& m) { self->state.core->ran(m.outcome); },
  };
}

} // namespace

sink_writer_actor spawn_sink_writer(caf::actor_system& system, environment_ptr env,
                                    job_driver_actor driver) {
  // Made here, because copying user functions may throw, and then it is the start that fails.
  auto runner = std::make_shared<output_runner>(
      env->plan, env->seed, env->what.settings.task_max_failures, env->pool, *env->time, env->zero);
  return system.spawn(behave, std::move(env), std::move(driver), std::move(runner));
}

} // namespace millrace::actors
