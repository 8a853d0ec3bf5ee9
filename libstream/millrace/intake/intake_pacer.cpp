#include "millrace/intake/intake_pacer.hpp"

#include <algorithm>

namespace millrace {

intake_pacer::intake_pacer(token_bucket_options options, std::shared_ptr<const clock> time)
    : time_{std::move(time)},
      bucket_{options, time_->steady_now()},
      paid_at_{time_->steady_now()} {}

std::size_t intake_pacer::permits(std::size_t wanted) {
  std::unique_lock lock{mutex_};
  auto limit = bucket_.current_limit();
  if (limit == token_bucket::no_limit)
    return wanted;
  if (stopped_)
    return grant_on_credit(wanted);
  // A grant is worth about 10 ms, so that a low rate is smooth and a high one costs few waits.
  auto grant = std::clamp<std::size_t>(static_cast<std::size_t>(limit) / 100, 1, wanted);
  auto begin = time_->steady_now();
  auto due = begin + bucket_.reserve(grant, begin);
  for (auto now = begin; now < due && !stopped_; now = time_->steady_now())
    changed_.wait_for(lock, due - now);
  if (time_->steady_now() < due)
    paid_at_ = std::max(paid_at_, due);
  return grant;
}

std::size_t intake_pacer::permits_at_once(std::size_t wanted) {
  std::lock_guard guard{mutex_};
  // Only what is used at once, because a record waits until all of the grant is paid.
  return bucket_.current_limit() == token_bucket::no_limit ? wanted : grant_on_credit(1);
}

std::size_t intake_pacer::grant_on_credit(std::size_t wanted) {
  auto now = time_->steady_now();
  paid_at_ = std::max(paid_at_, now + bucket_.reserve(wanted, now));
  return wanted;
}

std::chrono::steady_clock::time_point intake_pacer::paid_at() const {
  std::lock_guard guard{mutex_};
  return paid_at_;
}

void intake_pacer::update_rate(double records_per_second) {
  std::lock_guard guard{mutex_};
  bucket_.update_rate(records_per_second, time_->steady_now());
}

std::int64_t intake_pacer::current_limit() const {
  std::lock_guard guard{mutex_};
  return bucket_.current_limit();
}

void intake_pacer::time_moved() {
  // The lock orders this after the look at the clock of a thread that is about to wait.
  { std::lock_guard guard{mutex_}; }
  changed_.notify_all();
}

void intake_pacer::stop() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  changed_.notify_all();
}

void intake_pacer::resume() {
  std::lock_guard guard{mutex_};
  stopped_ = false;
}

} // namespace millrace
