#include "millrace/actors/system/actor_runtime.hpp"

#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/actors/compute/sink_writer.hpp"
#include "millrace/actors/compute/stage.hpp"
#include "millrace/actors/control/batch_clock.hpp"
#include "millrace/actors/control/job_driver.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/block_generator.hpp"
#include "millrace/actors/ingest/callback_thread.hpp"
#include "millrace/actors/ingest/hosted_receiver.hpp"
#include "millrace/actors/ingest/receiver_supervisor.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/shutdown/shutdown.hpp"
#include "millrace/actors/shutdown/signal_watcher.hpp"
#include "millrace/actors/shutdown/stop_request.hpp"
#include "millrace/actors/system/make_thread.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/actors/system/posix_network.hpp"
#include "millrace/actors/system/system_clock.hpp"
#include "millrace/engine/pull_inputs.hpp"
#include "millrace/engine/stage_chain.hpp"
#include "millrace/intake/intake_pacer.hpp"

#include <string>
#include <thread>
#include <unistd.h>

namespace millrace::actors {

namespace {

scheduler_options scheduler_of(const job_settings& settings) {
  scheduler_options o;
  o.policy = settings.scheduler_policy;
  o.threads = settings.scheduler_threads;
  o.max_throughput = settings.scheduler_max_throughput;
  return o;
}

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
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
        system_{scheduler_of(env_->what.settings)},
        actors_ended_{std::make_shared<completion>(0)} {
    env_->request_stop = [stop = stop_](stop_mode mode) { stop->request(mode); };
    try {
      make_receivers(options.net ? options.net : std::make_shared<posix_network>());
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
    auto interval = env_->what.settings.batch_interval;
    while (manual_->wall_now() < to) {
      manual_->set(to.min((manual_->wall_now() + interval).floor(interval)));
      for (auto& receiver : receivers_)
        receiver.parts->pacer->time_moved();
      std::lock_guard guard{closing_};
      if (closed_)
        continue;
      auto moved = std::make_shared<completion>(planes_.ingest->generators.size());
      for (auto& [stream, generator] : planes_.ingest->generators)
        tell_from_thread(*env_, generator, block_tick{moved});
      wait_for(*moved);
      auto announced = std::make_shared<completion>();
      tell_from_thread(*env_, planes_.control.clock, clock_tick{announced});
      wait_for(*announced);
      for (auto& [stream, supervisor] : planes_.ingest->supervisors)
        tell_from_thread(*env_, supervisor, restart_due{});
    }
  }

  /// Not longer than the job goes on.
  void wait_for(completion& moved) const {
    while (!moved.wait_until(std::chrono::steady_clock::now() + std::chrono::milliseconds{20}, [] {
      return false;
    }) && !stop_->requested()) {
    }
  }

  void update_rate(stream_id stream, double records_per_second) {
    std::lock_guard guard{closing_};
    if (closed_)
      return;
    if (auto to = planes_.ingest->supervisors.find(stream); to != planes_.ingest->supervisors.end())
      tell_from_thread(*env_, to->second, rate_changed{records_per_second});
  }

  std::optional<std::int64_t> rate_limit(stream_id stream) const {
    for (auto& receiver : receivers_)
      if (receiver.parts->name.stream == stream)
        if (auto limit = receiver.parts->pacer->current_limit(); limit != token_bucket::no_limit)
          return limit;
    return std::nullopt;
  }

  std::uint64_t messages() const { return env_->messages.load(); }

private:
  environment_ptr make_environment(job what, const std::shared_ptr<clock>& time,
                                   const void* owner) {
    if (what.seed.value == 0)
      what.seed.value = draw_seed();
    std::shared_ptr<const clock> reads =
        time ? std::shared_ptr<const clock>{time} : std::make_shared<system_clock>();
    auto env = std::make_shared<job_environment>(std::move(what), std::move(reads), owner);
    env->manual_time = manual_ != nullptr;
    return env;
  }

  void make_receivers(const std::shared_ptr<network>& net) {
    receiver_surroundings around;
    around.time = env_->time;
    around.net = net;
    around.log = env_->log;
    around.metrics = env_->what.metrics;
    around.host = this_host();
    around.incarnation = env_->what.incarnation;
    for (auto& source : env_->plan.graph->sources())
      if (auto parts = make_receiver_parts(*source, env_->what.settings, around))
        receivers_.push_back({std::move(parts), std::make_shared<callback_thread>(env_->owner)});
  }

  void spawn_all() {
    auto& sys = system_.get();
    auto& control = planes_.control;
    control.driver = watched(spawn_job_driver(sys, env_));
    control.clock = watched(spawn_batch_clock(sys, env_, control.driver));
    spawn_compute();
    for (auto& r : receivers_)
      planes_.ingest->generators.emplace(
          r.parts->name.stream, watched(spawn_block_generator(sys, env_, control.driver, r)));
    tell_from_thread(*env_, control.driver, compute_started{planes_.compute});
    tell_from_thread(*env_, control.driver, ingest_started{planes_.ingest});
  }

  void spawn_compute() {
    auto& sys = system_.get();
    auto& plane = planes_.compute;
    auto& settings = env_->what.settings;
    plane->sink = watched(spawn_sink_writer(sys, env_, planes_.control.driver));
    plane->stages.resize(env_->plan.stages.size());
    auto least = least_chained_partitions(
        settings.workers, static_cast<std::int64_t>(settings.batches.max_in_flight));
    for (auto& chain : make_chains(env_->plan, least))
      for (std::uint32_t p = 0; p < chain.head().partitions; ++p)
        plane->stages[chain.head().id.value()].push_back(
            watched(spawn_stage(sys, env_, plane, chain, p)));
  }

  void begin() {
    env_->listeners.post([now = env_->started_wall](listener& l) { l.on_streaming_started(now); });
    for (auto& r : receivers_)
      planes_.ingest->supervisors.emplace(
          r.parts->name.stream, watched(spawn_receiver_supervisor(system_.get(), env_, r)));
    if (env_->what.settings.handle_signals)
      signals_ = std::make_unique<signal_registration>([this](int count) { on_signal(count); });
    if (!manual_)
      tell_from_thread(*env_, planes_.control.clock, clock_tick{});
    stopper_ = make_thread("stopping", [this] { stop_when_asked(); });
  }

  void on_signal(int count) {
    bool graceful = count == 1 && env_->what.settings.stop_gracefully_on_signal;
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
    auto ordered =
        std::make_shared<shutdown>(shutdown_target{env_, planes_, receivers_, actors_ended_},
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
      *planes_.compute = {};
      planes_ = {};
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
  job_planes planes_;
  std::shared_ptr<completion> actors_ended_;
  /// Kept to the end of the runtime, so that a user's own thread may still call its receiver, and
  /// is refused.
  std::vector<hosted_receiver> receivers_;
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
    started_.store(running_.get());
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
  if (auto* job = started_.load())
    job->update_rate(stream, records_per_second);
}

std::optional<std::int64_t> actor_runtime::rate_limit(stream_id stream) const {
  auto* job = started_.load();
  return job ? job->rate_limit(stream) : std::nullopt;
}

bool actor_runtime::on_own_thread() const { return own_thread_mark::is_owned_by(this); }

void actor_runtime::advance(duration by) {
  if (auto* job = started_.load())
    job->advance(by);
}

std::uint64_t actor_runtime::messages() const {
  auto* job = started_.load();
  return job ? job->messages() : 0;
}

} // namespace millrace::actors
