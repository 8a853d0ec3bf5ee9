#include "millrace/actors/control/listener_bus.hpp"

#include "millrace/actors/system/make_thread.hpp"
#include "millrace/actors/system/own_thread.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace millrace::actors {

struct listener_bus::shared {
  std::shared_ptr<const listener_list> listeners;
  std::size_t max_queued;
  logger log;
  std::shared_ptr<metric_observer> metrics;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<event> queue;
  bool stopping = false;
  bool ended = false;

  void post(event e) {
    {
      std::lock_guard guard{mutex};
      if (stopping)
        return;
      if (queue.size() < max_queued) {
        queue.push_back(std::move(e));
        if (queue.size() == 1)
          changed.notify_all();
        return;
      }
    }
    metrics->add("listener_events_dropped_total", "", 1);
    log.repeated(log_level::warning, "dropped events for listeners",
                 "listeners are too slow: " + std::to_string(max_queued) +
                     " events wait, new ones are dropped (option listener.queue_size)");
  }

  void work(const void* owner) {
    own_thread_mark mark{owner};
    std::unique_lock lock{mutex};
    for (;;) {
      changed.wait(lock, [&] { return stopping || !queue.empty(); });
      if (queue.empty())
        break;
      auto next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      call_listeners(listeners->all(), next, log, *metrics);
      next = nullptr;
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

listener_bus::listener_bus(std::shared_ptr<const listener_list> listeners, std::size_t max_queued,
                           logger log, std::shared_ptr<metric_observer> metrics, const void* owner)
    : shared_{std::make_shared<shared>()} {
  shared_->listeners = std::move(listeners);
  shared_->max_queued = max_queued;
  shared_->log = std::move(log);
  shared_->metrics = std::move(metrics);
  thread_ = make_thread("listeners", [s = shared_, owner] { s->work(owner); });
}

listener_bus::~listener_bus() { stop(std::chrono::hours{24}); }

bool listener_bus::wanted() const { return !shared_->listeners->empty(); }

void listener_bus::post(event e) { shared_->post(std::move(e)); }

bool listener_bus::stop(std::chrono::milliseconds limit) {
  if (!thread_.joinable())
    return true;
  bool ended = false;
  {
    std::unique_lock lock{shared_->mutex};
    shared_->stopping = true;
    shared_->changed.notify_all();
    bool is_self = thread_.get_id() == std::this_thread::get_id();
    ended = !is_self && shared_->changed.wait_for(lock, limit, [&] { return shared_->ended; });
    if (!ended)
      shared_->queue.clear();
  }
  ended ? thread_.join() : thread_.detach();
  return ended;
}

} // namespace millrace::actors
