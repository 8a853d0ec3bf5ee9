#include "millrace/engine/batch_driver.hpp"

#include "millrace/engine/output_runner.hpp"

#include <utility>

namespace millrace {

namespace {

batch_progress::options progress_options(const job_settings& settings) {
  batch_progress::options o;
  o.queue = settings.batches;
  o.on_failure = settings.on_batch_failure;
  o.batch_interval = settings.batch_interval;
  o.delay_ratio = settings.delay_warning;
  return o;
}

} // namespace

batch_driver::batch_driver(const job_plan& plan, const job_settings& settings, batch_time zero,
                           block_store& store, const clock& time, job_outlet& outlet,
                           batch_effects& effects)
    : plan_{plan},
      zero_{zero},
      store_{store},
      time_{time},
      outlet_{outlet},
      effects_{effects},
      pulls_{std::make_shared<pull_inputs>(*plan.graph)},
      limits_{std::make_shared<job_input_limits>(job_input_limits{settings.batch_limits, {}})},
      assembler_{*plan.graph, store, settings.max_batches()},
      progress_{progress_options(settings)} {
  if (auto warning = warn_of_half_batches(plan, settings.on_batch_failure))
    outlet.log().named("batch").warning(*warning);
}

void batch_driver::due(batch_time first, batch_time through, duration period) {
  assembler_.due(first, through, period);
  pump();
}

void batch_driver::block_stored(const block_meta& block) {
  outlet_.metrics()->add("records_received_total", std::to_string(block.id.stream.value()),
                         block.records);
  if (auto ok = assembler_.stored(block); !ok)
    lose(block.id, ok.error());
  show_store();
  show_backlog();
}

/// Its records will be in no batch: what was promised is broken, and the rest is still processed.
void batch_driver::lose(block_id id, const error& why) {
  error e{why.code, to_string(id) + " is lost: " + why.message};
  outlet_.log().named("job_driver").error(e.message);
  outlet_.end_job(e, stop_mode::graceful);
}

void batch_driver::show_backlog() {
  auto& backlog = outlet_.backlog();
  backlog.batches.store(assembler_.batches(), std::memory_order_relaxed);
  backlog.held_ticks.store(assembler_.held_ticks(), std::memory_order_relaxed);
  backlog.records.store(assembler_.unallocated_records(), std::memory_order_relaxed);
}

void batch_driver::show_store() {
  outlet_.metrics()->set("block_store_bytes", "", static_cast<double>(store_.bytes()));
}

void batch_driver::limit(stream_id stream, const input_limits& to) {
  auto changed = *limits_;
  changed.of[stream] = to;
  limits_ = std::make_shared<job_input_limits>(std::move(changed));
}

void batch_driver::drain(batch_time last_tick, duration period) {
  next_tick_ = last_tick;
  tick_period_ = period;
  if (assembler_.has_unallocated())
    add_tick();
  pump();
}

void batch_driver::add_tick() {
  left_at_tick_ = assembler_.unallocated_records();
  assembler_.due(*next_tick_, *next_tick_, tick_period_);
  next_tick_ = *next_tick_ + tick_period_;
}

void batch_driver::pump() {
  if (taking_)
    return;
  do
    take_batches();
  while (tick_for_drain());
  show_backlog();
}

/// The next step of a drain, if nothing else is left to do: another tick (true), or its end.
bool batch_driver::tick_for_drain() {
  if (!next_tick_ || assembler_.batches() != 0 || assembler_.held_ticks() != 0)
    return false;
  if (assembler_.has_unallocated() && !goes_nowhere()) {
    add_tick();
    return true;
  }
  next_tick_.reset();
  show_backlog();
  effects_.drained();
  return false;
}

/// Whether the last ticks of a drain have taken nothing: the job has failed then.
bool batch_driver::goes_nowhere() {
  constexpr int most_in_vain = 3;
  const auto left = assembler_.unallocated_records();
  vain_ticks_ = left_at_tick_ == left ? vain_ticks_ + 1 : 0;
  if (vain_ticks_ < most_in_vain)
    return false;
  error e{errc::unavailable,
          "the graceful stop has not processed everything: the input of the last " +
              std::to_string(most_in_vain) + " batches could not be made, and " +
              std::to_string(left) + " records that were received are in no batch"};
  outlet_.log().named("job_driver").error(e.message);
  outlet_.end_job(e, stop_mode::graceful);
  return true;
}

/// A runtime may answer `pull`, and even `run`, at once: the loop here goes on with what that made
/// possible, instead of one call inside the other for each batch.
void batch_driver::take_batches() {
  taking_ = true;
  while (!pulling_ && !halted_) {
    auto time = assembler_.take_due();
    if (!time)
      break;
    pulling_ = true;
    effects_.pull(*time, limits_);
  }
  taking_ = false;
}

void batch_driver::inputs_pulled(batch_time time, result<pulled_inputs> from) {
  pulling_ = false;
  if (from)
    submit(time, assembler_.allocate(time, std::move(*from), *limits_));
  else
    submit(time, tl::unexpected{std::move(from).error()});
  pump();
}

void batch_driver::submit(batch_time time, result<allocated_batch_ptr> allocated) {
  if (halted_)
    return;
  allocated_batch_ptr batch;
  if (allocated) {
    batch = std::move(*allocated);
  } else {
    auto failed = std::make_shared<allocated_batch>();
    failed->time = time;
    failed->failure = std::make_shared<const error>(std::move(allocated).error());
    batch = std::move(failed);
  }
  auto now = time_.wall_now();
  const bool listened_to = outlet_.listened_to();
  auto run = progress_.submit(batch, now,
                              listened_to ? planned_outputs(time) : std::vector<output_info>{});
  if (!run)
    throw stream_error{run.error()};
  if (auto delay = progress_.overdue(now))
    tell_delay("the oldest has not ended", *delay);
  if (listened_to)
    outlet_.post([info = progress_.submitted(time)](listener& l) { l.on_batch_submitted(info); });
  if (*run)
    start(**run);
}

std::vector<output_info> batch_driver::planned_outputs(batch_time time) const {
  std::vector<output_info> out;
  for (auto& output : plan_.outputs)
    out.push_back(describe_output(output, time));
  return out;
}

void batch_driver::start(const allocated_batch& batch) {
  if (outlet_.listened_to())
    outlet_.post([info = progress_.info(batch.time)](listener& l) { l.on_batch_started(info); });
  for (auto& input : make_source_inputs(plan_, batch, zero_))
    effects_.run(std::move(input));
}

void batch_driver::outputs_done(batch_time time, std::vector<output_info> outputs,
                                std::optional<batch_failure> failure) {
  auto done = progress_.finish(time, std::move(outputs), std::move(failure), time_.wall_now());
  if (!done)
    throw stream_error{done.error()};
  if (outlet_.listened_to())
    outlet_.post([info = done->info](listener& l) { l.on_batch_completed(info); });
  report(*done);
  halted_ = halted_ || done->stop_because;
  if (done->next && !halted_)
    start(*done->next);
  if (assembler_.done(time) != 0)
    show_store();
  for (auto stream : std::exchange(stalled_, {}))
    effects_.room_available(stream);
  // Making the input of one more batch may call a function of the user: the next one runs first.
  if (done->next && assembler_.held_ticks() != 0)
    effects_.go_on_later();
  else
    pump();
}

void batch_driver::report(const batch_progress::completion& done) {
  auto failed = done.stop_because || done.skipped;
  outlet_.metrics()->add(failed ? "batches_failed_total" : "batches_completed_total", "", 1);
  if (done.late)
    tell_delay("batch " + to_string(done.info.time) + " ended", *done.late);
  if (!failed)
    return;
  auto log = outlet_.log().named("batch");
  if (done.skipped)
    log.error("batch " + to_string(done.info.time) + " is skipped: " + done.skipped->message);
  if (!done.stop_because)
    return;
  log.error("batch " + to_string(done.info.time) +
            " failed, the job stops: " + done.stop_because->message);
  outlet_.end_job(*done.stop_because, stop_mode::immediate);
}

void batch_driver::tell_delay(const std::string& which, const delay_notice& notice) {
  using enum delay_notice::kind;
  auto log = outlet_.log().named("batch");
  auto lasting = to_string(notice.since_begin);
  if (notice.what == over) {
    log.info("batches are in time again, after " + lasting);
    return;
  }
  log.warning(
      (notice.what == begins ? "batches are behind: "
                             : "batches are behind since " + lasting + ": ") +
      which + " " + to_string(notice.delay) + " after its time; " +
      std::to_string(progress_.waiting()) +
      " wait, and intake slows down when that becomes too many (options stream.batches_waiting, "
      "stream.block_store_bytes)");
}

} // namespace millrace
