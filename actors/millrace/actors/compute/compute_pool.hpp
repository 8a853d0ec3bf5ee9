#pragma once

#include "millrace/base/executor.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace millrace::actors {

/// The threads that run the fused pipelines: N for `local[N]`. First in, first out, so batches keep
/// their order.
///
/// Thread-safe. Tasks must not throw. The queue is bounded by the number of stage partitions times
/// the batches in flight, because a stage partition has at most one task at a time. `run_all` takes
/// part in its own work, so it may be called from a task as well.
class compute_pool final : public parallel_executor {
public:
  /// `owner`: what own_thread_mark shows on these threads.
  compute_pool(std::size_t threads, const void* owner);
  ~compute_pool() override;

  void submit(std::function<void()> task);

  void run_all(std::size_t n, const std::function<void(std::size_t)>& body) override;
  std::size_t width() const override { return width_; }

  /// Drops what has not begun and waits for what runs. False: user code did not return within
  /// `limit`; those threads are left to themselves and keep what they use.
  bool stop(std::chrono::milliseconds limit);

private:
  struct shared;
  const std::size_t width_; ///< Read by users of run_all while `stop` ends the threads.
  std::shared_ptr<shared> shared_;
  std::vector<std::thread> threads_;
};

} // namespace millrace::actors
