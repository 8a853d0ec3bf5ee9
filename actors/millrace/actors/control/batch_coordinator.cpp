#include "millrace/actors/control/batch_coordinator.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/engine/allocated_batch.hpp"
#include "millrace/engine/batch_progress.hpp"

#include <algorithm>

namespace millrace::actors {

namespace {

struct coordinator_state {
  static inline const char* name = "batch_coordinator";
  environment_ptr env;
  std::optional<batch_progress> progress;
  /// A batch has failed and the job is stopping: nothing is started any more.
  bool halted = false;
};

using self_ptr = batch_coordinator_actor::stateful_pointer<coordinator_state>;

batch_progress::options progress_options(const job& what) {
  batch_progress::options o;
  o.queue.max_in_flight = static_cast<std::size_t>(what.conf.integer("stream.batches_in_flight"));
  o.queue.max_waiting = static_cast<std::size_t>(what.conf.integer("stream.batches_waiting"));
  o.on_failure = parse_failure_policy(what.conf.text("stream.on_batch_failure")).value();
  o.batch_interval = what.batch_interval;
  o.delay_ratio = what.conf.real("stream.delay_warning");
  return o;
}

void post(self_ptr self, void (listener::*event)(const batch_info&), batch_time time) {
  auto& s = self->state;
  if (s.env->listeners.wanted())
    s.env->listeners.post(
        [event, info = s.progress->info(time)](listener& l) { (l.*event)(info); });
}

/// One message for each partition of each source stage. A batch that cannot be run takes the same
/// way, as a failure, so that it ends in its turn.
void start(self_ptr self, const allocated_batch_ptr& batch) {
  auto& env = *self->state.env;
  post(self, &listener::on_batch_started, batch->time);
  auto failure = batch->failure;
  if (!failure)
    if (auto absent = absent_nodes(*env.what.graph, batch->absent, batch->time, env.zero); !absent)
      failure = std::make_shared<const error>(absent.error());
  for (auto& stage : env.plan.stages) {
    if (stage.root->role() != node_role::source)
      continue;
    auto stream = static_cast<const source_node&>(*stage.root).stream();
    bool absent = std::ranges::find(batch->absent, stream) != batch->absent.end();
    std::vector<std::vector<numbered_block>> parts(stage.partitions);
    if (!failure)
      parts = divide_blocks(batch->blocks.at(stream), stage.partitions);
    for (std::uint32_t p = 0; p < stage.partitions; ++p) {
      auto input = std::make_shared<stage_input>();
      input->time = batch->time;
      input->absent = absent;
      input->blocks = std::move(parts[p]);
      tell(env, self, env.wiring.stages[stage.id.value()][p], run_batch{std::move(input), failure});
    }
  }
}

void warn_of_delay(self_ptr self, const std::string& which, duration delay) {
  self->state.env->log.named("batch").warning(
      "batches are behind: " + which + " " + to_string(delay) + " after its time; " +
      std::to_string(self->state.progress->waiting()) +
      " wait, and intake slows down when that becomes too many (options stream.batches_waiting, "
      "stream.block_store_bytes)");
}

void on_ready(self_ptr self, const batch_ready& ready) {
  auto& s = self->state;
  if (s.halted)
    return;
  auto now = s.env->time->wall_now();
  auto run = s.progress->submit(ready.batch, now);
  if (!run)
    throw stream_error{run.error()};
  if (auto delay = s.progress->overdue(now))
    warn_of_delay(self, "the oldest has not ended", *delay);
  post(self, &listener::on_batch_submitted, ready.batch->time);
  if (*run)
    start(self, *run);
}

void report(self_ptr self, const batch_progress::completion& done) {
  auto& env = *self->state.env;
  auto log = env.log.named("batch");
  auto failed = done.stop_because || done.skipped;
  env.what.metrics->add(failed ? "batches_failed_total" : "batches_completed_total", "", 1);
  if (done.late)
    warn_of_delay(self, "batch " + to_string(done.info.time) + " ended", *done.late);
  if (done.skipped)
    log.error("batch " + to_string(done.info.time) + " is skipped: " + done.skipped->message);
  if (!done.stop_because)
    return;
  log.error("batch " + to_string(done.info.time) +
            " failed, the job stops: " + done.stop_because->message);
  env.what.report_error(*done.stop_because);
  env.request_stop(stop_mode::immediate);
}

void finish(self_ptr self, batch_time time, std::vector<output_info> outputs,
            std::optional<error> failure) {
  auto& s = self->state;
  auto done =
      s.progress->finish(time, std::move(outputs), std::move(failure), s.env->time->wall_now());
  if (!done)
    throw stream_error{done.error()};
  if (s.env->listeners.wanted())
    s.env->listeners.post([info = done->info](listener& l) { l.on_batch_completed(info); });
  report(self, *done);
  s.halted = s.halted || done->stop_because;
  if (done->next && !s.halted)
    start(self, done->next);
  // Where batches wait, the tracker may make the input of one more, by a function of the user.
  if (done->next)
    tell_worker(*s.env, s.env->wiring.tracker, batch_done{time});
  else
    tell(*s.env, self, s.env->wiring.tracker, batch_done{time});
}

batch_coordinator_actor::behavior_type behave(self_ptr self, environment_ptr env) {
  init_actor(self);
  self->state.progress.emplace(progress_options(env->what));
  self->state.env = std::move(env);
  return {
      [self](const batch_ready& ready) { on_ready(self, ready); },
      [self](const outputs_done& done) { finish(self, done.time, done.outputs, done.failure); },
  };
}

} // namespace

batch_coordinator_actor spawn_batch_coordinator(caf::actor_system& system, environment_ptr env) {
  return system.spawn(behave, std::move(env));
}

} // namespace millrace::actors
