#include "millrace/engine/batch_queue.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace {

result<void> validate(const batch_queue_options& options) {
  if (options.max_in_flight == 0)
    return fail(errc::invalid_argument,
                "0 batches in flight are allowed: at least 1 is needed to process anything");
  return {};
}

batch_queue::batch_queue(batch_queue_options options) : options_(options) {
  if (auto valid = validate(options); !valid)
    throw stream_error(valid.error());
}

result<admission> batch_queue::offer(batch_time t, batch_time now) {
  if (last_accepted_ && t <= *last_accepted_)
    return fail(errc::invalid_argument, "batch " + to_string(t) + " is offered after batch " +
                                            to_string(*last_accepted_) +
                                            ": batches are accepted in the order of their times");
  if (full()) {
    if (!held_ || held_->time != t)
      held_ = submission{t, now};
    return admission::held;
  }
  const auto submitted = held_ && held_->time == t ? held_->submitted : now;
  held_.reset();
  last_accepted_ = t;
  if (in_flight_.size() < options_.max_in_flight) {
    in_flight_.push_back({t, submitted, now});
    return admission::admitted;
  }
  waiting_.push_back({t, submitted});
  return admission::waiting;
}

result<std::optional<started_batch>> batch_queue::complete(batch_time t, batch_time now) {
  const auto found = std::ranges::find(in_flight_, t, &started_batch::time);
  if (found == in_flight_.end())
    return fail(errc::not_found, "batch " + to_string(t) + " is not in flight");
  in_flight_.erase(found);
  if (waiting_.empty())
    return std::nullopt;
  const auto next = waiting_.front();
  waiting_.pop_front();
  return in_flight_.emplace_back(started_batch{next.time, next.submitted, now});
}

std::vector<batch_time> batch_queue::drop_waiting() {
  auto dropped = std::vector<batch_time>{};
  for (const auto& batch : std::exchange(waiting_, {}))
    dropped.push_back(batch.time);
  return dropped;
}

std::optional<started_batch> batch_queue::in_flight(batch_time t) const {
  const auto found = std::ranges::find(in_flight_, t, &started_batch::time);
  return found == in_flight_.end() ? std::nullopt : std::optional{*found};
}

bool batch_queue::full() const noexcept {
  // Whatever waits, a free place in flight is never left empty: `complete` fills it.
  return in_flight_.size() >= options_.max_in_flight && waiting_.size() >= options_.max_waiting;
}

} // namespace millrace
