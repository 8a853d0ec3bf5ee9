#include "millrace/base/metrics.hpp"

namespace millrace {

memory_metrics::memory_metrics() = default;
memory_metrics::~memory_metrics() = default;

void memory_metrics::add(std::string_view name, std::string_view label, std::uint64_t n) {
  const std::lock_guard guard{mutex_};
  counters_[key{name, label}] += n;
}

void memory_metrics::set(std::string_view name, std::string_view label, double value) {
  const std::lock_guard guard{mutex_};
  gauges_[key{name, label}] = value;
}

std::uint64_t memory_metrics::counter(std::string_view name, std::string_view label) const {
  const std::lock_guard guard{mutex_};
  const auto it = counters_.find(key{name, label});
  return it == counters_.end() ? 0 : it->second;
}

double memory_metrics::gauge(std::string_view name, std::string_view label) const {
  const std::lock_guard guard{mutex_};
  const auto it = gauges_.find(key{name, label});
  return it == gauges_.end() ? 0.0 : it->second;
}

} // namespace millrace
