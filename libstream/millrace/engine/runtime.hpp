#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/config/configuration.hpp"
#include "millrace/engine/listener.hpp"
#include "millrace/plan/graph.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// Everything a runtime needs to know of a job. The graph is frozen.
struct job {
  configuration conf;
  duration batch_interval;
  std::shared_ptr<const job_graph> graph;
  std::shared_ptr<log_observer> log;
  std::shared_ptr<metric_observer> metrics;
  /// 0: the runtime draws one.
  hash_seed seed;
  /// The listeners at this moment; thread-safe.
  std::function<std::vector<std::shared_ptr<listener>>()> listeners;
  /// Reports an error that `await_termination` will throw. Thread-safe; the first one counts.
  std::function<void(const error&)> report_error;
};

enum class stop_mode {
  /// Process everything that has been received, then stop; each phase has a deadline.
  graceful,
  /// Stop receiving and processing now; unfinished batches are abandoned.
  immediate,
};

/// What runs a job: the actors, or the inline runtime. Used by one context for one job.
class runtime {
public:
  virtual ~runtime() = default;

  /// Starts the job; throws stream_error, and then nothing is left running.
  virtual void start(job what) = 0;

  /// Begins to stop; returns at once, callable from any thread, more than once. Immediate overrides
  /// graceful.
  virtual void request_stop(stop_mode mode) = 0;

  /// Waits until everything has stopped, or for `limit`, which counts as 1,000 days when it is
  /// longer; true when it has. A job that was not started counts as stopped.
  virtual bool wait_stopped(std::optional<std::chrono::milliseconds> limit) = 0;

  /// How many records per second the receiver of a stream may take in from now on, up to the option
  /// stream.receiver_max_rate. Takes effect soon. Ignored unless positive, for a stream without a
  /// receiver, and before `start` has returned.
  virtual void update_rate(stream_id, double) {}

  /// The limit that holds for the receiver of a stream, in whole records per second; nothing when
  /// there is none.
  virtual std::optional<std::int64_t> rate_limit(stream_id) const { return std::nullopt; }

  /// Whether the caller is on a thread that has to end before the runtime can stop (listener,
  /// output, receiver).
  virtual bool on_own_thread() const = 0;
};

} // namespace millrace
