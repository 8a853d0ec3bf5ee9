#pragma once

#include "millrace/op/task_frame.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace millrace {

/// A value that all functions of a job can read and that may be replaced while the job runs, such
/// as a table of rules: a side input.
///
/// A cheap handle, captured by value. All functions of a batch see one version, the one that was
/// the latest when the first of them asked; a batch never goes back behind an earlier batch's
/// version. All calls are thread-safe; inside a task `value` neither locks nor allocates after the
/// first time. Versions of the last 128 batches are kept as long as they may be asked for.
template <class T>
class broadcast {
public:
  explicit broadcast(T first) : cell_{std::make_shared<cell>(std::move(first))} {}

  /// The version of the batch that the caller works on; outside of tasks the latest. Holds until
  /// the function that asked returns, outside of tasks as long as nobody calls `update`.
  const T& value() const {
    auto* frame = task_frame::current();
    if (!frame)
      return *cell_->latest_now();
    if (auto* seen = frame->seen(cell_.get()))
      return *static_cast<const T*>(seen);
    auto version = cell_->version_for(frame->time());
    frame->remember(cell_.get(), version);
    return *version;
  }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }

  /// The next batch that asks sees this.
  void update(T next) const { cell_->replace(std::make_shared<const T>(std::move(next))); }

private:
  using version = std::shared_ptr<const T>;

  struct cell {
    explicit cell(T first) : latest{std::make_shared<const T>(std::move(first))}, oldest{latest} {}

    version latest_now() const {
      std::lock_guard guard{mutex};
      return latest;
    }
    void replace(version next) {
      std::lock_guard guard{mutex};
      latest = std::move(next);
    }
    version version_for(batch_time time) {
      std::lock_guard guard{mutex};
      auto it = pinned.upper_bound(time);
      bool newest = it == pinned.end();
      auto before = it == pinned.begin() ? oldest : std::prev(it)->second;
      if (it != pinned.begin() && std::prev(it)->first == time)
        return before;
      auto chosen = newest ? latest : before;
      pinned.emplace(time, chosen);
      if (pinned.size() > max_batches) {
        oldest = pinned.begin()->second;
        pinned.erase(pinned.begin());
      }
      return chosen;
    }

    static constexpr std::size_t max_batches = 128;
    mutable std::mutex mutex;
    version latest;
    version oldest; ///< Of batches before those in `pinned`.
    std::map<batch_time, version> pinned;
  };

  std::shared_ptr<cell> cell_;
};

} // namespace millrace
