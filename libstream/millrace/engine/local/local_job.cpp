#include "millrace/engine/local/local_job.hpp"

#include "millrace/intake/intake_pacer.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

/// A stage partition, and what this runtime does for it.
class local_job::partition final : public partition_effects {
public:
  partition(local_job& job, std::shared_ptr<stage_chain> chain, std::uint32_t number)
      : job_{job},
        at_{job.new_place()},
        pool_at_{job.new_place()},
        chain_{chain},
        core_{std::move(chain), number, job.job_.settings.task_max_failures, job, *this} {}

  std::uint32_t at() const noexcept { return at_; }
  stage_partition& core() noexcept { return core_; }

private:
  void run_task(batch_time time, stage_chain::run batch) override {
    auto task = std::make_shared<stage_chain::run>(std::move(batch));
    job_.events_.post({at_, pool_at_}, [this, time, task] {
      chain_->finish(*task, job_.job_.settings.task_max_failures, job_.clock_);
      job_.events_.post({pool_at_, at_}, [this, time, task] { core_.task_done(time, *task); });
    });
  }

  void send(const stage_edge& edge, std::uint32_t target, batch_time time, std::uint32_t slot,
            slot_delivery what) override {
    job_.deliver(*this, edge, target, time, slot, std::move(what));
  }

  local_job& job_;
  std::uint32_t at_;
  std::uint32_t pool_at_;
  std::shared_ptr<stage_chain> chain_;
  stage_partition core_;
};

/// While user code may be running.
struct local_job::inside_scope {
  explicit inside_scope(bool& inside) : flag{inside} { flag = true; }
  ~inside_scope() { flag = false; }
  bool& flag;
};

local_job::local_job(job what, std::shared_ptr<manual_clock> time, event_queue::choice pick)
    : job_outlet{what.logger_of("runtime"), what.metrics},
      job_{std::move(what)},
      clock_{*time},
      pick_{std::move(pick)},
      events_{pick_},
      seed_{job_.seed.value != 0 ? job_.seed : hash_seed{1}},
      plan_{make_plan(job_.graph, job_.settings.parallelism)},
      schedule_{job_.settings.batch_interval, clock_.wall_now()},
      store_{{job_.settings.block_store_bytes}},
      driver_{plan_, job_.settings, schedule_.zero_time(), store_, clock_, *this, *this},
      output_runner_{std::make_shared<output_runner>(plan_, seed_, job_.settings.task_max_failures,
                                                     executor_, clock_, schedule_.zero_time())},
      outputs_{plan_, job_.settings.on_batch_failure, output_runner_, *this, *this} {
  job_.repeats->use(time);
  make_partitions();
  make_receivers(time);
  driver_.pulls()->start(clock_.wall_now(), log().named("inputs"));
}

local_job::~local_job() = default;

void local_job::make_partitions() {
  partitions_.resize(plan_.stages.size());
  auto least =
      least_chained_partitions(1, static_cast<std::int64_t>(job_.settings.batches.max_in_flight));
  stage_environment around{seed_, schedule_.zero_time(), executor_};
  around.blocks = &store_;
  for (auto& chain : make_chains(plan_, least))
    for (std::uint32_t p = 0; p < chain.head().partitions; ++p)
      partitions_[chain.head().id.value()].push_back(std::make_unique<partition>(
          *this, std::make_shared<stage_chain>(plan_, chain, p, around), p));
}

void local_job::make_receivers(const std::shared_ptr<manual_clock>& time) {
  receiver_surroundings around;
  around.time = time;
  around.log = log();
  around.metrics = metrics();
  around.host = "localhost";
  around.incarnation = job_.incarnation;
  around.max_ready_blocks = local_receiver::max_ready_blocks;
  first_ingest_place_ = places_;
  for (auto& source : job_.graph->sources()) {
    auto parts = make_receiver_parts(*source, job_.settings, around);
    if (!parts)
      continue;
    local_receiver::places at{new_place(), new_place(), new_place(), driver_at_};
    local_receiver::driver_door door{[this](const block_meta& b) { driver_.block_stored(b); },
                                     [this](stream_id s) { driver_.store_full(s); }};
    receivers_.push_back(std::make_unique<local_receiver>(std::move(parts), job_.settings,
                                                          seed_.value, store_, time, *this, events_,
                                                          at, std::move(door)));
  }
  end_of_ingest_places_ = places_;
}

void local_job::begin() {
  {
    inside_scope scope{inside_};
    post([now = clock_.wall_now()](listener& l) { l.on_streaming_started(now); });
    for (auto& receiver : receivers_)
      receiver->start();
    run_all();
  }
  if (stop_wanted_)
    stop(*stop_wanted_);
}

void local_job::advance(batch_time to) {
  inside_scope scope{inside_};
  auto block_interval = job_.settings.block_interval;
  for (auto now = clock_.wall_now(); !stopped_;) {
    auto block_due = (now + block_interval).floor(block_interval);
    auto next = std::min({to, block_due, schedule_.deadline()});
    clock_.set(now = next);
    if (!receivers_.empty())
      take_in();
    tick(now);
    run_some();
    if (next == to)
      run_all();
    if (stop_wanted_)
      finish();
    if (next == to)
      break;
  }
}

void local_job::stop(stop_mode mode) {
  if (stopped_)
    return;
  if (!stop_wanted_ || mode == stop_mode::immediate)
    stop_wanted_ = mode;
  if (inside_)
    return;
  inside_scope scope{inside_};
  finish();
}

void local_job::update_rate(stream_id stream, double records_per_second) {
  for (auto& receiver : receivers_)
    if (receiver->stream() == stream)
      receiver->pacer().update_rate(records_per_second);
}

std::optional<std::int64_t> local_job::rate_limit(stream_id stream) const {
  for (auto& receiver : receivers_)
    if (receiver->stream() == stream)
      if (auto limit = receiver->pacer().current_limit(); limit != token_bucket::no_limit)
        return limit;
  return std::nullopt;
}

// -- what the parts of the engine say and ask for ---

bool local_job::listened_to() const { return !job_.listeners->empty(); }

void local_job::post(event e) {
  call_listeners(job_.listeners->all(), e, log().named("listeners"), *metrics());
}

void local_job::end_job(const error& why, stop_mode how) {
  job_.report_error(why);
  if (!stop_wanted_ || how == stop_mode::immediate)
    stop_wanted_ = how;
}

void local_job::pull(batch_time time, std::shared_ptr<const job_input_limits> limits) {
  events_.post({driver_at_, inputs_at_}, [this, time, limits = std::move(limits)] {
    events_.post({inputs_at_, driver_at_},
                 [this, time, from = driver_.pulls()->pull(time, *limits)]() mutable {
                   driver_.inputs_pulled(time, std::move(from));
                 });
  });
}

void local_job::run(source_input what) {
  auto& to = *partitions_[what.stage.value()][what.partition];
  events_.post({driver_at_, to.at()}, [&to, what = std::move(what)]() mutable {
    to.core().run({std::move(what.input), std::move(what.failure)});
  });
}

void local_job::room_available(stream_id stream) {
  for (auto& receiver : receivers_)
    if (receiver->stream() == stream)
      events_.post({driver_at_, receiver->pump_at()},
                   [to = receiver.get()] { to->room_available(); });
}

void local_job::go_on_later() {
  events_.post({driver_at_, driver_at_}, [this] { driver_.go_on(); });
}

void local_job::deliver(const partition& from, const stage_edge& edge, std::uint32_t target,
                        batch_time time, std::uint32_t slot, slot_delivery what) {
  auto check = [](const result<void>& ok) {
    if (!ok)
      throw stream_error{ok.error()};
  };
  if (edge.to_output) {
    events_.post({from.at(), sink_at_},
                 [this, check, output = edge.output, time, slot, what = std::move(what)]() mutable {
                   check(outputs_.deliver(output, time, slot, std::move(what)));
                 });
    return;
  }
  auto& to = *partitions_[edge.stage.value()][target];
  events_.post({from.at(), to.at()}, [check, &to, time, slot, what = std::move(what)]() mutable {
    check(to.core().deliver(time, slot, std::move(what)));
  });
}

void local_job::run(output_id output, input_gate::ready input) {
  events_.post({sink_at_, outputs_at_}, [this, output, input = std::move(input)]() mutable {
    auto outcome = output_runner_->run(output, input);
    input = {};
    events_.post({outputs_at_, sink_at_}, [this, outcome = std::move(outcome)]() mutable {
      outputs_.ran(std::move(outcome));
    });
  });
}

void local_job::done(batch_time time, std::vector<output_info> outputs,
                     std::optional<batch_failure> failure) {
  events_.post({sink_at_, driver_at_},
               [this, time, outputs = std::move(outputs), failure = std::move(failure)]() mutable {
                 driver_.outputs_done(time, std::move(outputs), std::move(failure));
               });
}

// -- how time and events go on ---

void local_job::run_all() {
  while (goes_on() && events_.run_one()) {
  }
}

/// Up to as many events as chance has it; without chance, all.
void local_job::run_some() {
  if (!pick_) {
    run_all();
    return;
  }
  constexpr std::size_t most = 64;
  for (auto left = pick_(most); left != 0 && goes_on() && events_.run_one(); --left) {
  }
}

/// What is on its way between receivers and the driver: so that what was stored before the clock
/// moved is in the batch that falls due.
void local_job::run_ingest() {
  if (!pick_)
    return;
  auto is_ingest = [this](std::uint32_t at) {
    return at >= first_ingest_place_ && at < end_of_ingest_places_;
  };
  while (goes_on() && events_.run_one([&](event_route route) {
    return is_ingest(route.from) || is_ingest(route.to);
  })) {
  }
}

void local_job::take_in() {
  for (auto& receiver : receivers_)
    receiver->poll();
  run_ingest();
  for (auto& receiver : receivers_)
    receiver->cut();
  run_ingest();
}

void local_job::tick(batch_time now) {
  auto due = schedule_.due(now);
  if (due.empty())
    return;
  job_.repeats->look();
  driver_.due(due.begin, due.end - due.period, due.period);
}

void local_job::finish() {
  stop_sequence sequence{job_.settings, *stop_wanted_};
  bool ended = true;
  while (auto step = sequence.next(ended, !goes_on()))
    ended = carry_out(step->phase);
  stopped_ = true;
}

/// An immediate stop, too, is one that receivers hear of; everything else is dropped then.
void local_job::finish_lives() {
  for (auto& receiver : receivers_)
    receiver->finish_life();
  run_all();
  if (goes_on())
    return;
  events_.clear();
  for (auto& receiver : receivers_)
    if (!receiver->has_ended())
      receiver->finish_life();
  while (events_.run_one()) {
  }
}

bool local_job::carry_out(stop_phase phase) {
  auto all = [&](auto holds) { return std::ranges::all_of(receivers_, holds); };
  switch (phase) {
  case stop_phase::receivers:
    finish_lives();
    return all([](auto& receiver) { return receiver->has_ended(); });
  case stop_phase::intakes:
    for (auto& receiver : receivers_)
      receiver->stop_intake();
    return true;
  case stop_phase::blocks:
    for (auto& receiver : receivers_)
      receiver->finish_blocks();
    run_all();
    while (goes_on() && !all([](auto& receiver) { return receiver->is_empty(); })) {
      auto next = schedule_.deadline();
      clock_.set(next);
      tick(next);
      run_all();
    }
    return goes_on();
  case stop_phase::batches:
    if (driver_.has_unallocated())
      clock_.set(schedule_.deadline());
    driver_.drain(schedule_.deadline(), schedule_.period());
    run_all();
    return drained_;
  case stop_phase::listeners:
    post([now = clock_.wall_now()](listener& l) { l.on_streaming_stopped(now); });
    job_.repeats->finish();
    return true;
  default:
    return true;
  }
}

} // namespace millrace
