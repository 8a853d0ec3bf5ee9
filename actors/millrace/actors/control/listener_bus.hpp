#pragma once

#include "millrace/flow/runtime.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace millrace::actors {

/// Calls listeners on a thread of its own, in the order of events.
///
/// Thread-safe. Bounded: at `max_queued` events a new one is dropped, counted and warned of once an episode. Without
/// listeners an event costs one lock.
class listener_bus {
public:
  using event = std::function<void(listener&)>;

  listener_bus(std::function<std::vector<std::shared_ptr<listener>>()> listeners, std::size_t max_queued, logger log,
               std::shared_ptr<metric_observer> metrics, const void* owner);
  ~listener_bus();

  /// Whether anybody listens now.
  bool wanted() const { return !listeners_().empty(); }

  void post(event e);

  /// Delivers what is queued, then ends the thread; from the listener thread itself it only stops further events.
  void stop();

private:
  void work(const void* owner);
  void deliver(const event& e);

  std::function<std::vector<std::shared_ptr<listener>>()> listeners_;
  std::size_t max_queued_;
  logger log_;
  std::shared_ptr<metric_observer> metrics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<event> queue_;
  bool stopping_ = false;
  bool dropping_ = false;
  std::thread thread_;
};

} // namespace millrace::actors
