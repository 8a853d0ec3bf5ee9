#include "millrace/actors/system/actor_runtime.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/compute/sink_writer.hpp"
#include "millrace/actors/compute/stage.hpp"
#include "millrace/actors/control/batch_clock.hpp"
#include "millrace/actors/control/batch_coordinator.hpp"
#include "millrace/actors/control/block_tracker.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/block_generator.hpp"
#include "millrace/actors/ingest/receiver_parts.hpp"
#include "millrace/actors/ingest/receiver_supervisor.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/shutdown/shutdown.hpp"
#include "millrace/actors/shutdown/signal_watcher.hpp"
#include "millrace/actors/shutdown/stop_request.hpp"
#include "millrace/actors/system/make_thread.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/actors/system/posix_network.hpp"
#include "millrace/actors/system/system_clock.hpp"
#include "millrace/engine/batch_assembler.hpp"
#include "millrace/engine/stage_chain.hpp"
#include "millrace/intake/intake_pacer.hpp"

#include <algorithm>
#include <thread>

namespace millrace::actors {

namespace {

scheduler_options scheduler_of(const configuration& conf) {
  scheduler_options o;
  o.policy = conf.text("scheduler.policy");
  o.threads = static_cast<std::size_t>(conf.integer("scheduler.threads"));
  o.max_throughput = static_cast<std::size_t>(conf.integer("scheduler.max_throughput"));
  return o;
}

std::uint32_t workers_of(const configuration& conf) {
  auto threads = conf.master().threads;
  return threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

/// A started job: its actors, its threads, and the thread that stops it.
class actor_runtime::running {
public:
  running(job what, const actor_runtime_options& options, std::shared_ptr<stop_request> stop,
          const void* owner)
      : stop_{std::move(stop)},
        manual_{std::dynamic_pointer_cast<manual_clock>(options.time)},
        env_{make_environment(std::move(what), options.time, owner)},
        system_{scheduler_of(env_->what.conf)},
        actors_ended_{std::make_shared<completion>(0)} {
    env_->request_stop = [stop = stop_](stop_mode mode) { stop->request(mode); };
    auto net = options.net ? options.net : std::make_shared<posix_network>();
    try {
      for (auto& source : env_->plan.graph->sources())
        if (auto parts = make_receiver_parts(*env_, *source, net))
          receivers_.push_back(std::move(parts));
      pull_inputs{*env_->plan.graph}.start(env_->started_wall, env_->log);
      spawn_all();
      begin();
    } catch (...) {
      stop_->request(stop_mode::immediate);
      stop_when_asked();
      throw;
    }
    forget_system_of_thread();
  }

  ~running() {
    stop_->request(stop_mode::immediate);
    stopper_.join();
  }

  void advance(duration by) {
    auto to = manual_->wall_now() + by;
    auto interval = env_->what.batch_interval;
    while (manual_->wall_now() < to) {
      manual_->set(to.min((manual_->wall_now() + interval).floor(interval)));
      for (auto& receiver : receivers_)
        receiver->pacer->time_moved();
      std::lock_guard guard{closing_};
      if (closed_)
        continue;
      auto moved = std::make_shared<completion>(env_->wiring.generators.size());
      for (auto& [stream, generator] : env_->wiring.generators)
        tell_from_thread(*env_, generator, block_tick{moved});
      while (!moved->wait_until(std::chrono::steady_clock::now() + std::chrono::milliseconds{20},
                                [] { return false; }) &&
             !stop_->requested()) {
      }
      tell_from_thread(*env_, env_->wiring.clock, clock_tick{});
      for (auto& [stream, supervisor] : env_->wiring.supervisors)
        tell_from_thread(*env_, supervisor, restart_due{});
    }
  }

  void update_rate(stream_id stream, double records_per_second) {
    std::lock_guard guard{closing_};
    if (closed_)
      return;
    if (auto to = env_->wiring.supervisors.find(stream); to != env_->wiring.supervisors.end())
      tell_from_thread(*env_, to->second, rate_changed{records_per_second});
  }

  std::optional<std::int64_t> rate_limit(stream_id stream) const {
    for (auto& receiver : receivers_)
      if (receiver->link->stream == stream)
        if (auto limit = receiver->pacer->current_limit(); limit != token_bucket::no_limit)
          return limit;
    return std::nullopt;
  }

  std::uint64_t messages() const { return env_->messages.load(); }

private:
  environment_ptr make_environment(job what, const std::shared_ptr<clock>& time,
                                   const void* owner) {
    if (what.seed.value == 0)
      what.seed.value = draw_seed();
    auto workers = workers_of(what.conf);
    std::shared_ptr<const clock> reads =
        time ? std::shared_ptr<const clock>{time} : std::make_shared<system_clock>();
    auto env = std::make_shared<job_environment>(std::move(what), std::move(reads), workers, owner);
    env->manual_time = manual_ != nullptr;
    return env;
  }

  void spawn_all() {
    auto& sys = system_.get();
    auto& w = env_->wiring;
    w.coordinator = watched(spawn_batch_coordinator(sys, env_));
    w.sink = watched(spawn_sink_writer(sys, env_));
    w.stages.resize(env_->plan.stages.size());
    auto least = least_chained_partitions(static_cast<std::uint32_t>(env_->pool->width()),
                                          env_->what.conf.integer("stream.batches_in_flight"));
    for (auto& chain : make_chains(env_->plan, least))
      for (std::uint32_t p = 0; p < chain.head().partitions; ++p)
        w.stages[chain.head().id.value()].push_back(watched(spawn_stage(sys, env_, chain, p)));
    w.tracker = watched(spawn_block_tracker(sys, env_));
    w.clock = watched(spawn_batch_clock(sys, env_));
    for (auto& r : receivers_)
      w.generators.emplace(r->link->stream,
                           watched(spawn_block_generator(
                               sys, env_, r->link->stream, r->into,
                               [pacer = r->pacer](std::size_t n) { return pacer->permits(n); })));
  }

  void begin() {
    auto& w = env_->wiring;
    env_->listeners.post([now = env_->started_wall](listener& l) { l.on_streaming_started(now); });
    for (auto& r : receivers_)
      w.supervisors.emplace(r->link->stream,
                            watched(spawn_receiver_supervisor(system_.get(), env_, r)));
    if (env_->what.conf.boolean("stop.handle_signals"))
      signals_ = std::make_unique<signal_registration>([this](int count) { on_signal(count); });
    if (!manual_)
      tell_from_thread(*env_, w.clock, clock_tick{});
    stopper_ = make_thread("stopping", [this] { stop_when_asked(); });
  }

  void on_signal(int count) {
    bool graceful = count == 1 && env_->what.conf.boolean("stop.gracefully_on_signal");
    env_->log.warning(graceful
                          ? "signal received: stopping gracefully, a second signal stops at once"
                          : "signal received: stopping at once");
    stop_->request(graceful ? stop_mode::graceful : stop_mode::immediate);
  }

  /// An actor of the job that dies for any other reason than a stop is a bug of ours: the job must
  /// not hang on it.
  template <class Handle>
  Handle watched(Handle handle) {
    watch(*caf::actor_cast<caf::strong_actor_ptr>(handle)->get());
    return handle;
  }

  void watch(caf::abstract_actor& actor) {
    actors_ended_->expect();
    auto on_end = [env = env_, sys = &system_.get(),
                   ended = actors_ended_](const caf::error& reason) {
      if (reason && reason != caf::exit_reason::user_shutdown &&
          reason != caf::exit_reason::normal) {
        error e{errc::internal, "an actor of the job died: " + sys->render(reason)};
        env->log.error(e.message);
        env->what.report_error(e);
        env->request_stop(stop_mode::immediate);
      }
      ended->complete();
    };
    actor.attach_functor(std::move(on_end));
  }

  void stop_when_asked() {
    stop_->wait_requested();
    auto ordered = std::make_shared<shutdown>(shutdown_target{env_, receivers_, actors_ended_},
                                              [stop = stop_] { return stop->immediate(); });
    stop_->on_request([ordered] { ordered->wake(); });
    bool clean = ordered->run();
    ordered.reset();
    stop_->on_request({});
    signals_.reset();
    {
      std::lock_guard guard{closing_};
      closed_ = true;
    }
    if (clean) {
      env_->wiring = {};
      system_.close();
    } else {
      system_.leak();
    }
    stop_->set_stopped();
  }

  std::shared_ptr<stop_request> stop_;
  std::shared_ptr<manual_clock> manual_;
  environment_ptr env_;
  caf_system system_;
  std::shared_ptr<completion> actors_ended_;
  /// Kept to the end of the runtime, so that a user's own thread may still call its receiver, and
  /// is refused.
  std::vector<receiver_parts_ptr> receivers_;
  std::unique_ptr<signal_registration> signals_;
  std::mutex closing_;
  bool closed_ = false; ///< The actors are gone: nobody to tell of time any more.
  std::thread stopper_;
};

actor_runtime::actor_runtime(actor_runtime_options options)
    : options_{std::move(options)}, stop_{std::make_shared<stop_request>()} {}

actor_runtime::~actor_runtime() = default;

void actor_runtime::start(job what) {
  starting_.store(true);
  try {
    running_ = std::make_unique<running>(std::move(what), options_, stop_, this);
  } catch (...) {
    stop_->set_stopped();
    throw;
  }
}

void actor_runtime::request_stop(stop_mode mode) { stop_->request(mode); }

bool actor_runtime::wait_stopped(std::optional<std::chrono::milliseconds> limit) {
  return !starting_.load() || stop_->wait_stopped(limit);
}

void actor_runtime::update_rate(stream_id stream, double records_per_second) {
  if (running_)
    running_->update_rate(stream, records_per_second);
}

std::optional<std::int64_t> actor_runtime::rate_limit(stream_id stream) const {
  return running_ ? running_->rate_limit(stream) : std::nullopt;
}

bool actor_runtime::on_own_thread() const { return own_thread_mark::is_owned_by(this); }

void actor_runtime::advance(duration by) {
  if (running_)
    running_->advance(by);
}

std::uint64_t actor_runtime::messages() const { return running_ ? running_->messages() : 0; }

} // namespace millrace::actors
