#include "millrace/actors/ingest/callback_thread.hpp"

#include <utility>

namespace millrace::actors {

void callback_thread::begin() {
  std::lock_guard guard{mutex_};
  if (!thread_ && !stopped_)
    thread_.emplace(owner_);
}

void callback_thread::submit(std::function<void()> task) {
  std::lock_guard guard{mutex_};
  if (thread_)
    thread_->submit(std::move(task));
}

void callback_thread::after_all(std::function<void()> task) {
  {
    std::lock_guard guard{mutex_};
    if (thread_) {
      thread_->submit(std::move(task));
      return;
    }
  }
  task();
}

bool callback_thread::stop(std::chrono::milliseconds limit) {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  return !thread_ || thread_->stop(limit);
}

} // namespace millrace::actors
