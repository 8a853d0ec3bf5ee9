#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace millrace::actors {

/// One thread that runs tasks in order: for user code that may block, such as outputs and on_start.
///
/// Thread-safe. Tasks must not throw. When a task does not return by the deadline of `stop`, the
/// thread is left to itself and keeps what it needs; the caller logs it.
class serial_thread {
public:
  explicit serial_thread(const void* owner);
  ~serial_thread();

  void submit(std::function<void()> task);

  /// Drops what has not begun and waits for what runs. False: it did not end in time and the thread
  /// was abandoned.
  bool stop(std::chrono::milliseconds limit);

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  std::thread thread_;
};

} // namespace millrace::actors
