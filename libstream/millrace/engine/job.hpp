#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/base/repeated_lines.hpp"
#include "millrace/engine/job_settings.hpp"
#include "millrace/engine/listener_list.hpp"
#include "millrace/plan/graph.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace millrace {

/// Everything a runtime needs to know of a job. The graph is frozen.
struct job {
  job_settings settings;
  std::shared_ptr<const job_graph> graph;
  std::shared_ptr<log_observer> log;
  /// What holds down lines that repeat; the runtime gives it its clock, looks and finishes.
  std::shared_ptr<repeated_lines> repeats;
  std::shared_ptr<metric_observer> metrics;
  /// 0: the runtime draws one.
  hash_seed seed;
  std::shared_ptr<const listener_list> listeners;
  /// Reports an error that `await_termination` will throw. Thread-safe; the first one counts.
  std::function<void(const error&)> report_error;
  /// Of the blocks that this run of the job receives.
  std::uint32_t incarnation = 0;

  logger logger_of(std::string component) const { return {log, std::move(component), repeats}; }
};

} // namespace millrace
