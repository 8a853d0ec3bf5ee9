#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// Where counts and gauges go. Called from any thread, also several at once, per batch or per block
/// and never per record; must not throw and must not keep the views. Shared by a whole process.
class metric_observer {
public:
  metric_observer() = default;
  metric_observer(const metric_observer&) = delete;
  metric_observer& operator=(const metric_observer&) = delete;
  virtual ~metric_observer() = default;

  /// Adds `n` to the counter of this name and label.
  virtual void add(std::string_view name, std::string_view label, std::uint64_t n) = 0;

  /// Sets the gauge of this name and label.
  virtual void set(std::string_view name, std::string_view label, double value) = 0;
};

/// Keeps metrics in memory, for tests and reports. Safe on any thread. Counters wrap at 2^64. One
/// entry per (name, label) ever seen: labels must come from a fixed set, not from data.
class memory_metrics final : public metric_observer {
public:
  memory_metrics();
  ~memory_metrics() override;

  void add(std::string_view name, std::string_view label, std::uint64_t n) override;
  void set(std::string_view name, std::string_view label, double value) override;

  /// 0 when nothing was added yet.
  [[nodiscard]] std::uint64_t counter(std::string_view name, std::string_view label = {}) const;

  /// 0 when it was not set yet.
  [[nodiscard]] double gauge(std::string_view name, std::string_view label = {}) const;

private:
  using key = std::pair<std::string, std::string>;

  mutable std::mutex mutex_;
  std::map<key, std::uint64_t> counters_;
  std::map<key, double> gauges_;
};

namespace detail {

class null_metric_observer final : public metric_observer {
public:
  void add(std::string_view, std::string_view, std::uint64_t) override {}

  void set(std::string_view, std::string_view, double) override {}
};

} // namespace detail

/// The observer that ignores everything; pass it where no metrics are wanted, never a null pointer.
inline std::shared_ptr<metric_observer> null_metrics() {
  static const std::shared_ptr<metric_observer> none =
      std::make_shared<detail::null_metric_observer>();
  return none;
}

} // namespace millrace
