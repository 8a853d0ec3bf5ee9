#include "millrace/actors/shutdown/stop_request.hpp"

#include <algorithm>

namespace millrace::actors {

namespace {

/// Far from where adding it to a point of time overflows.
constexpr std::chrono::milliseconds longest_wait = std::chrono::days{1'000};

} // namespace

void stop_request::request(stop_mode mode) {
  std::function<void()> wake;
  {
    std::lock_guard guard{mutex_};
    requested_ = true;
    immediate_ = immediate_ || mode == stop_mode::immediate;
    wake = wake_;
  }
  changed_.notify_all();
  if (wake)
    wake();
}

void stop_request::wait_requested() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return requested_; });
}

bool stop_request::requested() const {
  std::lock_guard guard{mutex_};
  return requested_;
}

bool stop_request::immediate() const {
  std::lock_guard guard{mutex_};
  return immediate_;
}

void stop_request::on_request(std::function<void()> wake) {
  std::lock_guard guard{mutex_};
  wake_ = std::move(wake);
}

void stop_request::set_stopped() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  changed_.notify_all();
}

bool stop_request::wait_stopped(std::optional<std::chrono::milliseconds> limit) {
  std::unique_lock lock{mutex_};
  auto done = [&] { return stopped_; };
  if (limit)
    return changed_.wait_for(lock, std::min(*limit, longest_wait), done);
  changed_.wait(lock, done);
  return true;
}

} // namespace millrace::actors
