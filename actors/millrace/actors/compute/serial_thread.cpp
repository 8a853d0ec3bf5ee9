#include "millrace/actors/compute/serial_thread.hpp"

#include "millrace/actors/system/make_thread.hpp"
#include "millrace/actors/system/own_thread.hpp"

namespace millrace::actors {

struct serial_thread::shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;
  bool stopping = false;
  bool ended = false;

  void work(const void* owner) {
    own_thread_mark mark{owner};
    std::unique_lock lock{mutex};
    for (;;) {
      changed.wait(lock, [&] { return stopping || !tasks.empty(); });
      if (stopping)
        break;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

serial_thread::serial_thread(const void* owner)
    : shared_{std::make_shared<shared>()},
      thread_{make_thread("outputs and receivers", [s = shared_, owner] { s->work(owner); })} {}

serial_thread::~serial_thread() { stop(std::chrono::hours{24}); }

void serial_thread::submit(std::function<void()> task) {
  std::lock_guard guard{shared_->mutex};
  if (shared_->stopping)
    return;
  shared_->tasks.push_back(std::move(task));
  shared_->changed.notify_all();
}

bool serial_thread::stop(std::chrono::milliseconds limit) {
  if (!thread_.joinable())
    return true;
  std::deque<std::function<void()>> dropped;
  std::unique_lock lock{shared_->mutex};
  shared_->stopping = true;
  dropped.swap(shared_->tasks);
  shared_->changed.notify_all();
  lock.unlock();
  dropped.clear();
  lock.lock();
  bool is_self = thread_.get_id() == std::this_thread::get_id();
  bool ended = !is_self && shared_->changed.wait_for(lock, limit, [&] { return shared_->ended; });
  lock.unlock();
  if (ended)
    thread_.join();
  else
    thread_.detach();
  return ended;
}

} // namespace millrace::actors
