#include "millrace/actors/control/job_environment.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/base/anchored_clock.hpp"
#include "millrace/engine/pull_inputs.hpp"

namespace millrace::actors {

environment_outlet::environment_outlet(job_environment& env)
    : job_outlet{env.log, env.what.metrics}, env_{env} {}

bool environment_outlet::listened_to() const { return env_.listeners.wanted(); }

void environment_outlet::post(event e) { env_.listeners.post(std::move(e)); }

void environment_outlet::end_job(const error& why, stop_mode how) {
  env_.what.report_error(why);
  env_.request_stop(how);
}

namespace {

std::shared_ptr<const clock> time_of_job(const std::shared_ptr<const clock>& machine) {
  if (std::dynamic_pointer_cast<const manual_clock>(machine))
    return machine;
  return std::make_shared<anchored_clock>(machine);
}

} // namespace

job_environment::job_environment(job j, std::shared_ptr<const clock> t, const void* who)
    : what{std::move(j)},
      machine_time{std::move(t)},
      time{time_of_job(machine_time)},
      seed{what.seed},
      plan{make_plan(what.graph, what.settings.parallelism)},
      log{what.logger_of("runtime")},
      store{{what.settings.block_store_bytes}},
      listeners{what.listeners, what.settings.listener_queue_size, log.named("listeners"),
                what.metrics, who},
      outlet{*this},
      pool{std::make_shared<compute_pool>(what.settings.workers, who)},
      output_thread{who},
      started_wall{time->wall_now()},
      started_steady{time->steady_now()},
      schedule{what.settings.batch_interval, started_wall},
      zero{schedule.zero_time()},
      owner{who} {
  what.repeats->use(time);
  pull_inputs pulls{*what.graph};
  if (pulls.block())
    input_thread = std::make_unique<serial_thread>(who);
}

} // namespace millrace::actors
