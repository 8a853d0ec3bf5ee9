#include "millrace/engine/inline_runtime.hpp"

#include "millrace/engine/batch_progress.hpp"
#include "millrace/engine/inline_receivers.hpp"
#include "millrace/engine/output_runner.hpp"
#include "millrace/engine/stage_runner.hpp"

#include <algorithm>
#include <atomic>

namespace millrace {

class inline_runtime::running {
public:
  running(job what, const std::shared_ptr<manual_clock>& time)
      : job_{std::move(what)},
        clock_{*time},
        seed_{job_.seed.value != 0 ? job_.seed : hash_seed{1}},
        plan_{make_plan(job_.graph, parallelism(job_.conf))},
        schedule_{job_.batch_interval, clock_.wall_now()},
        block_interval_{job_.conf.get_duration("stream.block_interval")},
        max_failures_{max_failures(job_.conf)},
        store_{{job_.conf.bytes("stream.block_store_bytes")}},
        assembler_{*job_.graph, store_, 1},
        progress_{progress_options(job_)},
        receivers_{job_, time},
        outputs_{plan_, seed_, max_failures_, executor_, clock_, schedule_.zero_time()} {
    for (auto& s : plan_.stages) {
      auto& instances = stages_.emplace_back();
      auto& gates = gates_.emplace_back();
      for (std::uint32_t p = 0; p < s.partitions; ++p) {
        instances.emplace_back(plan_, s, p,
                               stage_environment{seed_, schedule_.zero_time(), executor_});
        gates.emplace_back(s.slots_in(p));
      }
    }
    for (auto& o : plan_.outputs)
      output_gates_.emplace_back(o.slots);
    assembler_.pulls()->start(clock_.wall_now(), logger{job_.log, "inputs"});
  }

  /// Apart from the constructor, so that user code which runs here can stop the job.
  void begin() {
    {
      inside_scope scope{inside_};
      receivers_.start();
      tell([&](listener& l) { l.on_streaming_started(clock_.wall_now()); });
    }
    if (stop_wanted_)
      stop(*stop_wanted_);
  }

  void advance(batch_time to) {
    inside_scope scope{inside_};
    while (!stopped_) {
      auto block_due = (clock_.wall_now() + block_interval_).floor(block_interval_);
      auto next = std::min({to, block_due, schedule_.deadline()});
      clock_.set(next);
      poll_receivers();
      run_due();
      if (stop_wanted_)
        finish();
      if (next == to)
        break;
    }
  }

  void stop(stop_mode mode) {
    if (stopped_)
      return;
    if (!stop_wanted_ || mode == stop_mode::immediate)
      stop_wanted_ = mode;
    if (inside_)
      return;
    inside_scope scope{inside_};
    finish();
  }

  bool stopped() const noexcept { return stopped_; }
  bool inside() const noexcept { return inside_; }
  inline_receivers& receivers() noexcept { return receivers_; }

private:
  /// While user code may be running.
  struct inside_scope {
    explicit inside_scope(bool& inside) : flag{inside} { flag = true; }
    ~inside_scope() { flag = false; }
    bool& flag;
  };

  static std::uint32_t parallelism(const configuration& conf) {
    auto wanted = conf.integer("stream.default_parallelism");
    return static_cast<std::uint32_t>(wanted != 0 ? wanted : std::max(1U, conf.master().threads));
  }
  static std::uint32_t max_failures(const configuration& conf) {
    return static_cast<std::uint32_t>(conf.integer("stream.task_max_failures"));
  }
  static batch_progress::options progress_options(const job& what) {
    batch_progress::options o;
    o.queue.max_in_flight = 1;
    o.on_failure = parse_failure_policy(what.conf.text("stream.on_batch_failure")).value();
    o.batch_interval = what.batch_interval;
    o.delay_ratio = what.conf.real("stream.delay_warning");
    return o;
  }

  template <class F>
  void tell(F f) {
    for (auto& l : job_.listeners())
      notify(job_.log, [&] { f(*l); });
  }

  void poll_receivers() {
    auto e = receivers_.poll(store_, assembler_);
    if (!e)
      return;
    job_.report_error(*e);
    if (!stop_wanted_)
      stop_wanted_ = stop_mode::graceful;
  }

  void fail_job(const error& e) {
    failed_ = true;
    job_.report_error(e);
    stop_wanted_ = stop_mode::immediate;
  }

  void run_due() {
    auto ticks = schedule_.due(clock_.wall_now());
    if (!ticks.empty())
      assembler_.due(ticks.begin, ticks.end - ticks.period, ticks.period);
    while (!stopped_ && !failed_) {
      auto next = assembler_.next();
      if (!next)
        break;
      auto time = assembler_.last();
      if (*next)
        run_batch(**next);
      else
        fail_batch(time, next->error());
      assembler_.done(time);
    }
  }

  void fail_batch(batch_time time, const error& e) {
    auto empty = std::make_shared<allocated_batch>();
    empty->time = time;
    announce(empty);
    complete(time, {}, e);
  }

  void announce(const allocated_batch_ptr& batch) {
    auto run = progress_.submit(batch, clock_.wall_now());
    if (!run)
      throw stream_error{run.error()};
    auto info = progress_.info(batch->time);
    tell([&](listener& l) { l.on_batch_submitted(info); });
    tell([&](listener& l) { l.on_batch_started(info); });
  }

  void run_batch(const allocated_batch_ptr& batch) {
    announce(batch);
    if (auto absent = absent_nodes(*job_.graph, batch->absent, batch->time, schedule_.zero_time());
        !absent) {
      complete(batch->time, {}, absent.error());
      return;
    }
    run_stages(*batch);
    std::vector<output_info> infos;
    std::optional<error> failure;
    for (auto& output : plan_.outputs) {
      auto ready = output_gates_[output.id.value()].next();
      tell([&](listener& l) { l.on_output_started(outputs_.describe(output.id, batch->time)); });
      auto outcome = outputs_.run(output.id, *ready);
      tell([&](listener& l) { l.on_output_completed(outcome.info); });
      infos.push_back(outcome.info);
      if (outcome.failure && !failure)
        failure = outcome.failure;
    }
    complete(batch->time, std::move(infos), failure);
  }

  void run_stages(const allocated_batch& batch) {
    for (auto& s : plan_.stages) {
      auto sources = source_inputs(s, batch);
      for (std::uint32_t p = 0; p < s.partitions; ++p) {
        auto input = sources.empty() ? *gates_[s.id.value()][p].next()
                                     : input_gate::ready{sources[p], nullptr};
        auto done = run_stage(stages_[s.id.value()][p], input, max_failures_);
        deliver(s, p, done, batch.time);
      }
    }
  }

  static std::vector<std::shared_ptr<const stage_input>>
  source_inputs(const stage& s, const allocated_batch& batch) {
    std::vector<std::shared_ptr<const stage_input>> out;
    if (s.root->role() != node_role::source)
      return out;
    auto stream = static_cast<const source_node&>(*s.root).stream();
    bool absent = std::ranges::find(batch.absent, stream) != batch.absent.end();
    for (auto& blocks : divide_blocks(batch.blocks.at(stream), s.partitions)) {
      auto input = std::make_shared<stage_input>();
      input->time = batch.time;
      input->absent = absent;
      input->blocks = std::move(blocks);
      out.push_back(std::move(input));
    }
    return out;
  }

  void deliver(const stage& s, std::uint32_t partition, stage_result& from, batch_time time) {
    route(
        plan_, s, partition, from,
        [&](const stage_edge& edge, std::uint32_t target, std::uint32_t slot, slot_delivery what) {
          auto& gate = edge.to_output ? output_gates_[edge.output.value()]
                                      : gates_[edge.stage.value()][target];
          if (auto ok = gate.deliver(time, slot, std::move(what)); !ok)
            throw stream_error{ok.error()};
        });
  }

  void complete(batch_time time, std::vector<output_info> outputs, std::optional<error> failure) {
    auto done = progress_.finish(time, std::move(outputs), std::move(failure), clock_.wall_now());
    if (!done)
      throw stream_error{done.error()};
    tell([&](listener& l) { l.on_batch_completed(done->info); });
    if (done->skipped)
      logger{job_.log, "batch"}.error("skipped: " + done->skipped->message);
    if (done->stop_because)
      fail_job(*done->stop_because);
  }

  void finish() {
    receivers_.stop();
    while (*stop_wanted_ == stop_mode::graceful) {
      poll_receivers();
      if (failed_ || !assembler_.has_unallocated())
        break;
      clock_.set(schedule_.deadline());
      run_due();
    }
    stopped_ = true;
    tell([&](listener& l) { l.on_streaming_stopped(clock_.wall_now()); });
  }

  job job_;
  manual_clock& clock_;
  hash_seed seed_;
  job_plan plan_;
  batch_schedule schedule_;
  duration block_interval_;
  std::uint32_t max_failures_;
  std::shared_ptr<parallel_executor> executor_ = make_sequential_executor();
  block_store store_;
  batch_assembler assembler_;
  batch_progress progress_;
  inline_receivers receivers_;
  output_runner outputs_;
  std::vector<std::vector<stage_instance>> stages_;
  std::vector<std::vector<input_gate>> gates_; ///< For each partition of each stage.
  std::vector<input_gate> output_gates_;
  std::atomic<bool> stopped_ = false; ///< Read by whoever asks for the state of the context.
  bool failed_ = false;
  bool inside_ = false;
  std::optional<stop_mode> stop_wanted_;
};

inline_runtime::inline_runtime(batch_time start) : clock_{std::make_shared<manual_clock>(start)} {}
inline_runtime::~inline_runtime() = default;

batch_time inline_runtime::now() const { return clock_->wall_now(); }

void inline_runtime::advance(duration by) {
  auto to = now() + by;
  if (running_ && !running_->stopped())
    running_->advance(to);
  if (now() < to)
    clock_->set(to);
}

void inline_runtime::start(job what) {
  running_ = std::make_unique<running>(std::move(what), clock_);
  running_->begin();
}

void inline_runtime::update_rate(stream_id stream, double records_per_second) {
  if (running_)
    running_->receivers().update_rate(stream, records_per_second);
}

std::optional<std::int64_t> inline_runtime::rate_limit(stream_id stream) const {
  return running_ ? running_->receivers().rate_limit(stream) : std::nullopt;
}

void inline_runtime::request_stop(stop_mode mode) {
  if (running_)
    running_->stop(mode);
}

bool inline_runtime::wait_stopped(std::optional<std::chrono::milliseconds>) {
  return !running_ || running_->stopped();
}

bool inline_runtime::on_own_thread() const { return running_ && running_->inside(); }

} // namespace millrace
