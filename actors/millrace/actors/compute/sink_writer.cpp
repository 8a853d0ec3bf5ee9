#include "millrace/actors/compute/sink_writer.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/engine/output_runner.hpp"

#include <deque>

namespace millrace::actors {

namespace {

struct sink_state {
  static inline const char* name = "sink_writer";
  environment_ptr env;
  std::shared_ptr<output_runner> runner;
  std::vector<input_gate> gates;
  std::vector<std::deque<input_gate::ready>> ready;
  std::uint32_t next = 0; ///< The output whose turn it is.
  bool running = false;
  /// A batch has failed and the job is to stop: no later batch may have an effect outside.
  bool halted = false;
  std::vector<output_info> done;
  std::optional<error> failure;
};

using self_ptr = sink_writer_actor::stateful_pointer<sink_state>;

void ran(self_ptr self, const output_info& info, const std::optional<error>& failure) {
  auto& s = self->state;
  auto& env = *s.env;
  if (env.listeners.wanted())
    env.listeners.post([info](listener& l) { l.on_output_completed(info); });
  s.done.push_back(info);
  if (failure && !s.failure)
    s.failure = failure;
  if (++s.next < s.gates.size())
    return;
  s.next = 0;
  s.halted = s.failure && env.what.conf.text("stream.on_batch_failure") == "stop";
  outputs_done all{info.time, std::move(s.done), std::move(s.failure)};
  s.done.clear();
  s.failure.reset();
  tell(env, self, env.wiring.coordinator, std::move(all));
}

bool needs_user_code(const input_gate::ready& input) {
  if (input.failure)
    return false;
  for (auto& slot : input.input->slots)
    if (!slot)
      return false;
  return true;
}

void pump(self_ptr self) {
  auto& s = self->state;
  while (!s.running && !s.halted && !s.ready[s.next].empty()) {
    auto input = std::move(s.ready[s.next].front());
    s.ready[s.next].pop_front();
    output_id id{s.next};
    if (s.env->listeners.wanted())
      s.env->listeners.post([info = s.runner->describe(id, input.input->time)](listener& l) {
        l.on_output_started(info);
      });
    if (!needs_user_code(input)) {
      auto outcome = s.runner->run(id, input);
      ran(self, outcome.info, outcome.failure);
      continue;
    }
    s.running = true;
    s.env->output_thread.submit([env = s.env, runner = s.runner, id, input = std::move(input),
                                 me = sink_writer_actor{self}]() mutable {
      auto outcome = runner->run(id, input);
      input = {};
      tell_after_task(*env, me, output_ran{std::move(outcome.info), std::move(outcome.failure)});
    });
  }
}

sink_writer_actor::behavior_type behave(self_ptr self, environment_ptr env,
                                        std::shared_ptr<output_runner> runner) {
  init_actor(self);
  auto& s = self->state;
  s.runner = std::move(runner);
  for (auto& output : env->plan.outputs)
    s.gates.emplace_back(output.slots);
  s.ready.resize(s.gates.size());
  s.env = std::move(env);
  return {
      [self](const output_delivery& m) {
        auto& state = self->state;
        auto& gate = state.gates.at(m.output.value());
        if (auto ok = gate.deliver(m.time, m.slot, m.what); !ok)
          throw stream_error{ok.error()};
        while (auto next = gate.next())
          state.ready[m.output.value()].push_back(std::move(*next));
        pump(self);
      },
      [self](const output_ran& m) {
        self->state.running = false;
        ran(self, m.info, m.failure);
        pump(self);
      },
  };
}

} // namespace

sink_writer_actor spawn_sink_writer(caf::actor_system& system, environment_ptr env) {
  // Made here, because copying user functions may throw, and then it is the start that fails.
  auto runner = std::make_shared<output_runner>(env->plan, env->seed, env->max_failures(),
                                                env->pool, *env->time, env->zero);
  return system.spawn(behave, std::move(env), std::move(runner));
}

} // namespace millrace::actors
