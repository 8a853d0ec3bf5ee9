#pragma once

#include "millrace/base/time.hpp"
#include "millrace/engine/batch_pacer.hpp"
#include "millrace/engine/batch_queue.hpp"
#include "millrace/intake/input_limits.hpp"
#include "millrace/intake/restart_policy.hpp"
#include "millrace/plan/failure_policy.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace {

class configuration;

/// The options of a job, read once at its start: nothing that runs a job looks an option up by its
/// name. A value. What each option means is in config/options.cpp.
struct job_settings {
  job_settings() = default;
  job_settings(const configuration& conf, duration interval);

  duration batch_interval = seconds(1);

  /// Threads that compute.
  std::uint32_t workers = 1;
  /// Partitions of each source stage, and of a keyed operation that is not given a number.
  std::uint32_t parallelism = 1;

  /// What becomes of ticks that were missed while the process was suspended.
  missed_batches on_missed_batches = missed_batches::one;

  batch_queue_options batches;
  /// Of each input stream.
  input_limits batch_limits;
  std::uint32_t task_max_failures = 4;
  failure_policy on_batch_failure = failure_policy::stop;
  /// In batch intervals; 0 never warns.
  double delay_warning = 1.0;

  duration block_interval = milliseconds(200);
  std::size_t max_block_bytes = std::size_t{4} << 20;
  std::size_t max_record_bytes = std::size_t{1} << 20;
  std::size_t block_store_bytes = std::size_t{256} << 20;

  /// Records per second; 0 or less is no limit.
  double receiver_max_rate = 0;
  restart_options receiver_restarts;
  bool reconnect = true;

  bool handle_signals = true;
  bool stop_gracefully_on_signal = true;
  /// For what was received to be processed in a graceful stop; none: as long as it takes.
  std::optional<std::chrono::milliseconds> graceful_timeout;
  /// For receivers to end in a graceful stop.
  std::chrono::milliseconds receivers_timeout{10'000};
  /// For each other phase of a stop.
  std::chrono::milliseconds phase_timeout{10'000};

  std::size_t listener_queue_size = 10'000;

  std::string scheduler_policy = "sharing";
  std::size_t scheduler_threads = 0;
  std::size_t scheduler_max_throughput = 10;

  /// Batches that may be allocated and not done.
  std::size_t max_batches() const noexcept { return batches.max_in_flight + batches.max_waiting; }
};

/// Threads that compute for a job: as many as its master says, else one for each processor.
std::uint32_t compute_threads(const configuration& conf);

/// The option stream.default_parallelism, else the number of compute threads.
std::uint32_t default_parallelism(const configuration& conf);

} // namespace millrace
