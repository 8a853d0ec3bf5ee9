#pragma once

#include "millrace/base/ids.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/engine/job_backlog.hpp"
#include "millrace/engine/listener.hpp"
#include "millrace/engine/runtime.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace millrace {

/// Where the parts of a running job say what happens: log, metrics, listeners, and the error that
/// ends the job. A runtime says how listeners are called and what a stop is. Thread-safe.
class job_outlet {
public:
  using event = std::function<void(listener&)>;

  job_outlet(logger log, std::shared_ptr<metric_observer> metrics)
      : log_{std::move(log)}, metrics_{std::move(metrics)} {}
  job_outlet(const job_outlet&) = delete;
  job_outlet& operator=(const job_outlet&) = delete;
  virtual ~job_outlet() = default;

  const logger& log() const noexcept { return log_; }
  const std::shared_ptr<metric_observer>& metrics() const noexcept { return metrics_; }

  /// Written by the batch driver.
  job_backlog& backlog() noexcept { return backlog_; }

  /// Whether a listener is registered now: an event for nobody need not be made.
  virtual bool listened_to() const = 0;

  /// Events reach every listener in the order in which they were posted.
  virtual void post(event e) = 0;

  /// The job ends with this error, which `await_termination` will throw.
  virtual void end_job(const error& why, stop_mode how) = 0;

private:
  logger log_;
  std::shared_ptr<metric_observer> metrics_;
  job_backlog backlog_;
};

/// Calls every listener; what one throws is logged, counted (listener_exceptions_total) and
/// otherwise ignored.
void call_listeners(const std::vector<std::shared_ptr<listener>>& listeners,
                    const job_outlet::event& e, const logger& log, metric_observer& metrics);

/// Logs and counts (block_store_full_total, by stream) that the block store has no room for the
/// next block of a receiver, which waits.
void note_full_store(const job_outlet& outlet, stream_id stream);

} // namespace millrace
