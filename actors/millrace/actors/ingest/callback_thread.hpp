#pragma once

#include "millrace/actors/compute/serial_thread.hpp"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

namespace millrace::actors {

/// The thread on which a receiver is called back about what it has stored; there is none for a
/// receiver that asks for no callbacks. Thread-safe.
class callback_thread {
public:
  explicit callback_thread(const void* owner) : owner_{owner} {}

  /// Before the first task. Throws `limit_exceeded` when the system has no thread left.
  void begin();

  /// As serial_thread::submit.
  void submit(std::function<void()> task);

  /// Runs `task` after everything that was submitted: at once, where the thread has not begun.
  void after_all(std::function<void()> task);

  /// As serial_thread::stop.
  bool stop(std::chrono::milliseconds limit);

private:
  const void* owner_;
  std::mutex mutex_;
  std::optional<serial_thread> thread_;
  bool stopped_ = false;
};

} // namespace millrace::actors
