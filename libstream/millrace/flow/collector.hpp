#pragma once

#include "millrace/base/time.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace millrace {

/// Takes the results of a stream batch by batch, for tests: `stream.collect_into(c)`. Thread-safe;
/// must outlive the job. Keeps everything: for bounded runs only.
template <class T>
class collector {
public:
  using partition_list = std::vector<std::vector<T>>;

  void add(batch_time time, partition_list partitions) {
    {
      std::lock_guard guard{mutex_};
      batches_.emplace_back(time, std::move(partitions));
    }
    changed_.notify_all();
  }

  std::size_t size() const {
    std::lock_guard guard{mutex_};
    return batches_.size();
  }

  /// Waits until n batches are there; false after `limit`.
  bool wait_for(std::size_t n, std::chrono::milliseconds limit) const {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return batches_.size() >= n; });
  }

  std::vector<batch_time> times() const {
    std::lock_guard guard{mutex_};
    std::vector<batch_time> out;
    for (auto& [time, partitions] : batches_)
      out.push_back(time);
    return out;
  }

  /// The records of each batch, in order.
  std::vector<std::vector<T>> batches() const {
    std::lock_guard guard{mutex_};
    std::vector<std::vector<T>> out;
    for (auto& [time, partitions] : batches_) {
      auto& to = out.emplace_back();
      for (auto& p : partitions)
        to.insert(to.end(), p.begin(), p.end());
    }
    return out;
  }

  /// The records of each batch with their partition boundaries.
  std::vector<partition_list> partitions() const {
    std::lock_guard guard{mutex_};
    std::vector<partition_list> out;
    for (auto& [time, partitions] : batches_)
      out.push_back(partitions);
    return out;
  }

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::pair<batch_time, partition_list>> batches_;
};

} // namespace millrace
