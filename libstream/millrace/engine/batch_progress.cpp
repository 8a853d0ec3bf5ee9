#include "millrace/engine/batch_progress.hpp"

namespace millrace {

batch_progress::batch_progress(options o)
    : options_{std::move(o)},
      queue_{options_.queue},
      warning_{options_.batch_interval, options_.delay_ratio} {}

result<allocated_batch_ptr> batch_progress::submit(allocated_batch_ptr batch, batch_time now,
                                                   std::vector<output_info> outputs) {
  auto time = batch->time;
  auto verdict = queue_.offer(time, now);
  if (!verdict)
    return tl::unexpected{verdict.error()};
  if (*verdict == admission::held)
    return fail(errc::internal,
                "batch " + to_string(time) + " was allocated beyond the bound of the batch queue");
  auto& e = open_[time];
  e.batch = std::move(batch);
  e.info.time = time;
  e.info.inputs = e.batch->inputs;
  e.info.submitted = now;
  e.info.outputs = std::move(outputs);
  if (*verdict == admission::waiting)
    return allocated_batch_ptr{};
  e.info.processing_started = now;
  return e.batch;
}

std::optional<delay_notice> batch_progress::overdue(batch_time now) {
  if (open_.empty())
    return std::nullopt;
  return warning_.observe((now - open_.begin()->first).max(duration{0}), now);
}

batch_info batch_progress::info(batch_time time) const {
  auto it = open_.find(time);
  return it == open_.end() ? batch_info{} : it->second.info;
}

batch_info batch_progress::submitted(batch_time time) const {
  auto at_first = info(time);
  at_first.processing_started.reset();
  return at_first;
}

result<batch_progress::completion> batch_progress::finish(batch_time time,
                                                          std::vector<output_info> outputs,
                                                          std::optional<batch_failure> failure,
                                                          batch_time now) {
  auto it = open_.find(time);
  auto next = queue_.complete(time, now);
  if (!next)
    return tl::unexpected{next.error()};
  completion done;
  done.info = std::move(it->second.info);
  open_.erase(it);
  done.info.processing_ended = now;
  done.info.outputs = std::move(outputs);
  if (failure) {
    done.info.failure = failure->why.message;
    (failure->policy == failure_policy::stop ? done.stop_because : done.skipped) =
        std::move(failure->why);
  }
  if (*next) {
    auto& started = open_.at((*next)->time);
    started.info.processing_started = now;
    done.next = started.batch;
  }
  done.late = warning_.observe((now - time).max(duration{0}), now);
  return done;
}

} // namespace millrace
