#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace millrace::actors {

/// A thing that several parties complete and one thread waits for. Thread-safe; shared by pointer.
class completion {
public:
  explicit completion(std::size_t parties = 1) : missing_{parties} {}

  /// One party more.
  void expect() {
    std::lock_guard guard{mutex_};
    ++missing_;
  }

  void complete() {
    std::lock_guard guard{mutex_};
    if (missing_ > 0)
      --missing_;
    changed_.notify_all();
  }

  /// Wakes the waiter so that it looks at its `give_up` again.
  void wake() {
    std::lock_guard guard{mutex_};
    changed_.notify_all();
  }

  /// True when all parties have completed; false at the deadline, or as soon as `give_up()` holds.
  bool wait_until(std::chrono::steady_clock::time_point deadline,
                  const std::function<bool()>& give_up) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, deadline, [&] { return missing_ == 0 || give_up(); });
    return missing_ == 0;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t missing_;
};

} // namespace millrace::actors
