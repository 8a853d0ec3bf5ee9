#include "millrace/actors/control/listener_bus.hpp"

#include "millrace/actors/system/own_thread.hpp"

namespace millrace::actors {

listener_bus::listener_bus(std::function<std::vector<std::shared_ptr<listener>>()> listeners, std::size_t max_queued,
                           logger log, std::shared_ptr<metric_observer> metrics, const void* owner)
    : listeners_{std::move(listeners)}, max_queued_{max_queued}, log_{std::move(log)},
      metrics_{std::move(metrics)}, thread_{[this, owner] { work(owner); }} {}

listener_bus::~listener_bus() { stop(); }

void listener_bus::post(event e) {
  bool first_dropped = false;
  {
    std::lock_guard guard{mutex_};
    if (stopping_)
      return;
    if (queue_.size() < max_queued_) {
      dropping_ = false;
      queue_.push_back(std::move(e));
      if (queue_.size() == 1)
        changed_.notify_all();
      return;
    }
    first_dropped = !std::exchange(dropping_, true);
  }
  metrics_->add("listener_events_dropped_total", "", 1);
  if (first_dropped)
    log_.warning("listeners are too slow: " + std::to_string(max_queued_)
                 + " events wait, new ones are dropped (option listener.queue_size)");
}

void listener_bus::stop() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id())
    thread_.join();
}

void listener_bus::work(const void* owner) {
  own_thread_mark mark{owner};
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty())
      return;
    auto next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    deliver(next);
    lock.lock();
  }
}

void listener_bus::deliver(const event& e) {
  for (auto& l : listeners_()) {
    try {
      e(*l);
    } catch (const std::exception& x) {
      log_.error(std::string{"a listener threw: "} + x.what());
    } catch (...) {
      log_.error("a listener threw something that is not a std::exception");
    }
  }
}

} // namespace millrace::actors
