#include "millrace/actors/control/job_environment.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/engine/batch_assembler.hpp"
#include "millrace/engine/batch_schedule.hpp"

namespace millrace::actors {

namespace {

block_store_options store_options(const configuration& conf) {
  block_store_options options;
  options.max_bytes = conf.bytes("stream.block_store_bytes");
  return options;
}

std::uint32_t source_partitions(const configuration& conf, std::uint32_t workers) {
  auto wanted = conf.integer("stream.default_parallelism");
  return wanted > 0 ? static_cast<std::uint32_t>(wanted) : workers;
}

} // namespace

job_environment::job_environment(job j, std::shared_ptr<const clock> t, std::uint32_t workers,
                                 const void* who)
    : what{std::move(j)},
      time{std::move(t)},
      seed{what.seed},
      plan{make_plan(what.graph, source_partitions(what.conf, workers))},
      log{what.log, "runtime"},
      store{store_options(what.conf)},
      listeners{what.listeners, static_cast<std::size_t>(what.conf.integer("listener.queue_size")),
                log.named("listeners"), what.metrics, who},
      pool{std::make_shared<compute_pool>(workers, who)},
      output_thread{who},
      started_wall{time->wall_now()},
      started_steady{time->steady_now()},
      zero{batch_schedule{what.batch_interval, started_wall}.zero_time()},
      owner{who} {
  pull_inputs pulls{*what.graph};
  if (pulls.block())
    input_thread = std::make_unique<serial_thread>(who);
}

std::uint32_t job_environment::max_failures() const {
  return static_cast<std::uint32_t>(what.conf.integer("stream.task_max_failures"));
}

} // namespace millrace::actors
