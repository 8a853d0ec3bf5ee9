#pragma once

#include "millrace/engine/listener.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace millrace {

/// The listeners of a context, which may come and go while its job runs. Thread-safe.
class listener_list {
public:
  void add(std::shared_ptr<listener> l) {
    std::lock_guard guard{mutex_};
    all_.push_back(std::move(l));
    count_.store(all_.size(), std::memory_order_release);
  }

  void remove(const std::shared_ptr<listener>& l) {
    std::lock_guard guard{mutex_};
    std::erase(all_, l);
    count_.store(all_.size(), std::memory_order_release);
  }

  std::vector<std::shared_ptr<listener>> all() const {
    std::lock_guard guard{mutex_};
    return all_;
  }

  /// Without a lock, because it is asked several times in each batch.
  bool empty() const noexcept { return count_.load(std::memory_order_acquire) == 0; }

private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<listener>> all_;
  std::atomic<std::size_t> count_{0};
};

} // namespace millrace
