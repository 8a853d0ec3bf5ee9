#pragma once

#include "millrace/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace millrace {

struct job;

enum class stop_mode {
  /// Process everything that has been received, then stop. That takes as long as it takes, unless
  /// the option stop.graceful_timeout bounds it; other phases have the bound stop.phase_timeout.
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
