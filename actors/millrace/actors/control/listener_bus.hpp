#pragma once

#include "millrace/engine/job_outlet.hpp"
#include "millrace/engine/listener_list.hpp"

#include <chrono>
#include <memory>
#include <thread>

namespace millrace::actors {

/// Calls listeners on a thread of its own, in the order of events.
///
/// Thread-safe. Bounded: at `max_queued` events a new one is dropped, counted and warned of once an
/// episode, which ends when half of the queue is free again. Without listeners an event costs one
/// lock.
class listener_bus {
public:
  using event = job_outlet::event;

  listener_bus(std::shared_ptr<const listener_list> listeners, std::size_t max_queued, logger log,
               std::shared_ptr<metric_observer> metrics, const void* owner);
  ~listener_bus();

  /// Whether anybody listens now.
  bool wanted() const;

  void post(event e);

  /// Takes no more events, delivers those that are queued, and ends the thread. False: a listener
  /// did not return within `limit`; the thread is left to itself and keeps what it uses.
  bool stop(std::chrono::milliseconds limit);

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  std::thread thread_;
};

} // namespace millrace::actors
