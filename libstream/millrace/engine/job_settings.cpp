#include "millrace/engine/job_settings.hpp"

#include "millrace/config/configuration.hpp"
#include "millrace/engine/batch_failure.hpp"

#include <algorithm>
#include <thread>

namespace millrace {

namespace {

restart_options receiver_restarts_of(const configuration& conf) {
  restart_options o;
  o.max_restarts = static_cast<std::uint32_t>(conf.integer("receiver.restart_intensity"));
  o.period = conf.get_duration("receiver.restart_period");
  o.initial_delay = conf.get_duration("receiver.restart_delay");
  o.max_delay = conf.get_duration("receiver.restart_delay_max").max(o.initial_delay);
  return o;
}

} // namespace

std::uint32_t compute_threads(const configuration& conf) {
  auto threads = conf.master().threads;
  return threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
}

std::uint32_t default_parallelism(const configuration& conf) {
  auto wanted = conf.integer("stream.default_parallelism");
  return wanted > 0 ? static_cast<std::uint32_t>(wanted) : compute_threads(conf);
}

job_settings::job_settings(const configuration& conf, duration interval)
    : batch_interval{interval},
      workers{compute_threads(conf)},
      parallelism{default_parallelism(conf)},
      on_missed_batches{parse_missed_batches(conf.text("stream.missed_batches")).value()},
      task_max_failures{static_cast<std::uint32_t>(conf.integer("stream.task_max_failures"))},
      on_batch_failure{parse_failure_policy(conf.text("stream.on_batch_failure")).value()},
      delay_warning{conf.real("stream.delay_warning")},
      block_interval{conf.get_duration("stream.block_interval")},
      max_block_bytes{conf.bytes("stream.max_block_bytes")},
      max_record_bytes{conf.bytes("stream.max_record_bytes")},
      block_store_bytes{conf.bytes("stream.block_store_bytes")},
      receiver_max_rate{static_cast<double>(conf.integer("stream.receiver_max_rate"))},
      receiver_restarts{receiver_restarts_of(conf)},
      reconnect{conf.boolean("receiver.reconnect")},
      handle_signals{conf.boolean("stop.handle_signals")},
      stop_gracefully_on_signal{conf.boolean("stop.gracefully_on_signal")},
      phase_timeout{conf.get_duration("stop.phase_timeout").chrono()},
      listener_queue_size{static_cast<std::size_t>(conf.integer("listener.queue_size"))},
      scheduler_policy{conf.text("scheduler.policy")},
      scheduler_threads{static_cast<std::size_t>(conf.integer("scheduler.threads"))},
      scheduler_max_throughput{static_cast<std::size_t>(conf.integer("scheduler.max_throughput"))} {
  if (auto most = conf.integer("stream.max_batch_records"); most > 0)
    batch_limits.records = static_cast<std::uint64_t>(most);
  if (auto most = conf.bytes("stream.max_batch_bytes"); most > 0)
    batch_limits.bytes = most;
  batches.max_in_flight = static_cast<std::size_t>(conf.integer("stream.batches_in_flight"));
  batches.max_waiting = static_cast<std::size_t>(conf.integer("stream.batches_waiting"));
  auto given = conf.get_duration("stop.graceful_timeout");
  if (given.ms() > 0)
    graceful_timeout = given.chrono();
  receivers_timeout = std::max<std::chrono::milliseconds>(
      graceful_timeout.value_or((interval * 10).chrono()), phase_timeout);
}

} // namespace millrace
