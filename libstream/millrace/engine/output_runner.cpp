#include "millrace/engine/output_runner.hpp"

#include "millrace/op/task_frame.hpp"

#include <algorithm>

namespace millrace {

output_info describe_output(const output_plan& output, batch_time time) {
  auto& who = *output.op->info();
  output_info info;
  info.time = time;
  info.id = output.id;
  info.name = who.name.empty() ? who.operation : who.name;
  info.description = describe(who);
  return info;
}

output_runner::output_runner(const job_plan& plan, hash_seed seed, std::uint32_t max_failures,
                             std::shared_ptr<parallel_executor> executor, const clock& time,
                             batch_time zero)
    : plan_{plan},
      seed_{seed},
      max_failures_{std::max(1U, max_failures)},
      executor_{std::move(executor)},
      clock_{time},
      zero_{zero} {
  for (auto& output : plan.outputs) {
    sinks_.push_back(output.op->make_sink());
    planned_.push_back(describe_output(output, {}));
  }
}

output_info output_runner::describe(output_id output, batch_time time) const {
  output_info info = planned_[output.value()];
  info.time = time;
  info.started = clock_.wall_now();
  return info;
}

output_runner::outcome output_runner::run(output_id output, const input_gate::ready& input) {
  outcome out{describe(output, input.input->time), std::nullopt, std::nullopt};
  if (input.failure) {
    out.failure = *input.failure;
  } else if (std::ranges::none_of(input.input->slots, [](auto& slot) { return !slot; })) {
    batch_context context{input.input->time, seed_, input.input, zero_, executor_};
    for (std::uint32_t attempt = 1; attempt <= max_failures_; ++attempt) {
      try {
        task_frame frame{input.input->time};
        sinks_[output.value()]->run(context, input.input->slots, executor_);
        frame.take().count();
        out.failure.reset();
        break;
      } catch (const stream_error& e) {
        out.failure = e.info();
      } catch (const std::exception& e) {
        out.failure =
            error{errc::user_function_failed, out.info.description + " failed: " + e.what()};
      } catch (...) {
        out.failure = error{errc::user_function_failed,
                            out.info.description +
                                " failed: it threw something that is not a std::exception"};
      }
    }
  }
  out.info.ended = clock_.wall_now();
  if (out.failure && !input.failure)
    out.policy = plan_.outputs[output.value()].op->settings().on_failure;
  if (out.failure)
    out.info.failure = out.failure->message;
  return out;
}

} // namespace millrace
