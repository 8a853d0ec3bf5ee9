#include "millrace/actors/ingest/intake_pacer.hpp"

#include <algorithm>

namespace millrace::actors {

intake_pacer::intake_pacer(token_bucket_options options, std::shared_ptr<const clock> time)
    : time_{std::move(time)}, bucket_{options, time_->steady_now()} {}

std::size_t intake_pacer::permits(std::size_t wanted) {
  std::unique_lock lock{mutex_};
  auto limit = bucket_.current_limit();
  if (stopped_ || limit == token_bucket::no_limit)
    return wanted;
  // A grant is worth about 10 ms, so that a low rate is smooth and a high one costs few waits.
  auto grant = std::clamp<std::size_t>(static_cast<std::size_t>(limit) / 100, 1, wanted);
  auto wait = bucket_.reserve(grant, time_->steady_now());
  stopped_changed_.wait_for(lock, wait, [&] { return stopped_; });
  return grant;
}

void intake_pacer::update_rate(double records_per_second) {
  std::lock_guard guard{mutex_};
  bucket_.update_rate(records_per_second, time_->steady_now());
}

void intake_pacer::stop() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  stopped_changed_.notify_all();
}

} // namespace millrace::actors
