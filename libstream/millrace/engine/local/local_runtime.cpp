#include "millrace/engine/local/local_runtime.hpp"

#include "millrace/engine/local/local_job.hpp"

#include <utility>

namespace millrace {

local_runtime::local_runtime(batch_time start) : clock_{std::make_shared<manual_clock>(start)} {}
local_runtime::~local_runtime() = default;

void local_runtime::run(job what, event_queue::choice pick) {
  // Delays without chance, so that a run can be repeated.
  what.settings.receiver_restarts.jitter = 0;
  running_ = std::make_unique<local_job>(std::move(what), clock_, std::move(pick));
  running_->begin();
  started_ = true;
}

void local_runtime::advance(duration by) {
  auto to = now() + by;
  if (running_ && !running_->stopped())
    running_->advance(to);
  if (now() < to)
    clock_->set(to);
}

void local_runtime::update_rate(stream_id stream, double records_per_second) {
  if (started_)
    running_->update_rate(stream, records_per_second);
}

std::optional<std::int64_t> local_runtime::rate_limit(stream_id stream) const {
  return running_ ? running_->rate_limit(stream) : std::nullopt;
}

void local_runtime::request_stop(stop_mode mode) {
  if (running_)
    running_->stop(mode);
}

bool local_runtime::wait_stopped(std::optional<std::chrono::milliseconds>) {
  return !running_ || running_->stopped();
}

bool local_runtime::on_own_thread() const { return running_ && running_->inside(); }

} // namespace millrace
