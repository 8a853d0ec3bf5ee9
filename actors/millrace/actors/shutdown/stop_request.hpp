#pragma once

#include "millrace/engine/runtime.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

namespace millrace::actors {

/// Whether a job is to stop, how, and whether it has. Thread-safe; shared by pointer, so that it
/// outlives the runtime for whoever was left behind.
class stop_request {
public:
  void request(stop_mode mode);

  /// Waits for the first request.
  void wait_requested();
  bool requested() const;
  bool immediate() const;

  /// Called by `request`, to end a wait of the shutdown; empty to take it away.
  void on_request(std::function<void()> wake);

  void set_stopped();
  /// A limit over 1,000 days counts as 1,000 days.
  bool wait_stopped(std::optional<std::chrono::milliseconds> limit);

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> wake_;
  bool requested_ = false;
  bool immediate_ = false;
  bool stopped_ = false;
};

} // namespace millrace::actors
