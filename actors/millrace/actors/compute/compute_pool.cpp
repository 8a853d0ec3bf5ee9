#include "millrace/actors/compute/compute_pool.hpp"

#include "millrace/actors/system/make_thread.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/op/task_frame.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

namespace millrace::actors {

namespace {

/// The calls of one run_all. Shared with helper tasks, which may begin after the caller has left.
struct parallel_calls {
  parallel_calls(std::size_t n, const std::function<void(std::size_t)>& f) : count{n}, body{&f} {}

  void work() {
    for (std::size_t i = next++; i < count; i = next++)
      task ? call_in_task(i) : call(i);
  }

  /// The caller's thread too, whose task others add to at the same time.
  void call_in_task(std::size_t i) {
    task_frame part{task->time()};
    call(i, &part);
  }

  void call(std::size_t i, const task_frame* part = nullptr) {
    std::exception_ptr thrown;
    try {
      (*body)(i);
    } catch (...) {
      thrown = std::current_exception();
    }
    std::lock_guard guard{mutex};
    if (thrown && i < first_failed) {
      first_failed = i;
      failure = std::move(thrown);
    }
    if (part)
      task->take_over(*part);
    if (++done == count)
      all_done.notify_all();
  }

  void wait() {
    std::unique_lock lock{mutex};
    all_done.wait(lock, [&] { return done == count; });
    // Taken away from the helpers, which may let go of this later than the caller handles it.
    if (auto first = std::exchange(failure, nullptr))
      std::rethrow_exception(std::move(first));
  }

  const std::size_t count;
  const std::function<void(std::size_t)>* body;
  task_frame* const task = task_frame::current(); ///< Of the caller, who outlasts all calls.
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable all_done;
  std::size_t done = 0;
  std::size_t first_failed = static_cast<std::size_t>(-1);
  std::exception_ptr failure;
};

} // namespace

struct compute_pool::shared {
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable ended;
  std::deque<std::function<void()>> tasks;
  bool stopping = false;
  std::size_t running = 0;

  void work(const void* owner) {
    own_thread_mark mark{owner};
    std::unique_lock lock{mutex};
    for (;;) {
      wake.wait(lock, [&] { return stopping || !tasks.empty(); });
      if (stopping)
        break;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
    if (--running == 0)
      ended.notify_all();
  }
};

compute_pool::compute_pool(std::size_t threads, const void* owner)
    : width_{std::max<std::size_t>(threads, 1)}, shared_{std::make_shared<shared>()} {
  try {
    while (threads_.size() < width_) {
      threads_.push_back(make_thread("compute thread " + std::to_string(threads_.size() + 1) +
                                         " of " + std::to_string(width_),
                                     [s = shared_, owner] { s->work(owner); }));
      std::lock_guard guard{shared_->mutex};
      ++shared_->running;
    }
  } catch (...) {
    stop(std::chrono::hours{24});
    throw;
  }
}

compute_pool::~compute_pool() { stop(std::chrono::hours{24}); }

void compute_pool::submit(std::function<void()> task) {
  {
    std::lock_guard guard{shared_->mutex};
    if (shared_->stopping)
      return;
    shared_->tasks.push_back(std::move(task));
  }
  shared_->wake.notify_one();
}

void compute_pool::run_all(std::size_t n, const std::function<void(std::size_t)>& body) {
  if (n == 0)
    return;
  auto calls = std::make_shared<parallel_calls>(n, body);
  for (std::size_t i = 1; i < std::min(n, width() + 1); ++i)
    submit([calls] { calls->work(); });
  calls->work();
  calls->wait();
}

bool compute_pool::stop(std::chrono::milliseconds limit) {
  if (threads_.empty())
    return true;
  std::deque<std::function<void()>> dropped;
  std::unique_lock lock{shared_->mutex};
  shared_->stopping = true;
  dropped.swap(shared_->tasks);
  shared_->wake.notify_all();
  lock.unlock();
  dropped.clear();
  lock.lock();
  bool ended = shared_->ended.wait_for(lock, limit, [&] { return shared_->running == 0; });
  lock.unlock();
  for (auto& thread : threads_)
    ended ? thread.join() : thread.detach();
  threads_.clear();
  return ended;
}

} // namespace millrace::actors
