#include "millrace/actors/system/actor_runtime.hpp"

#include "millrace/actors/compute/sink_writer.hpp"
#include "millrace/actors/compute/stage.hpp"
#include "millrace/actors/control/batch_clock.hpp"
#include "millrace/actors/control/batch_coordinator.hpp"
#include "millrace/actors/control/block_tracker.hpp"
#include "millrace/actors/ingest/block_generator.hpp"
#include "millrace/actors/ingest/posix_network.hpp"
#include "millrace/actors/ingest/receiver_supervisor.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/actors/system/shutdown.hpp"
#include "millrace/actors/system/signal_watcher.hpp"
#include "millrace/actors/system/system_clock.hpp"

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
  running(job what, const actor_runtime_options& options)
      : manual_{std::dynamic_pointer_cast<manual_clock>(options.time)},
        env_{make_environment(std::move(what), options.time)}, system_{scheduler_of(env_->what.conf)},
        actors_ended_{std::make_shared<completion>(0)} {
    env_->request_stop = [this](stop_mode mode) { request_stop(mode); };
    auto net = options.net ? options.net : std::make_shared<posix_network>();
    for (auto& source : env_->plan.graph->sources())
      if (auto parts = make_receiver_parts(*env_, *source, net))
        receivers_.push_back(std::move(parts));
    spawn_all();
    begin();
    forget_system_of_thread();
  }

  ~running() {
    request_stop(stop_mode::immediate);
    if (stopper_.joinable())
      stopper_.join();
  }

  void request_stop(stop_mode mode) {
    {
      std::lock_guard guard{mutex_};
      requested_ = true;
      immediate_ = immediate_ || mode == stop_mode::immediate;
      if (shutdown_)
        shutdown_->wake();
    }
    changed_.notify_all();
  }

  bool wait_stopped(std::optional<std::chrono::milliseconds> limit) {
    std::unique_lock lock{mutex_};
    auto done = [&] { return stopped_; };
    if (limit)
      return changed_.wait_for(lock, *limit, done);
    changed_.wait(lock, done);
    return true;
  }

  void advance(duration by) {
    auto to = manual_->wall_now() + by;
    auto interval = env_->what.batch_interval;
    while (manual_->wall_now() < to) {
      manual_->set(to.min((manual_->wall_now() + interval).floor(interval)));
      auto cut = std::make_shared<completion>(env_->wiring.generators.size());
      for (auto& [stream, generator] : env_->wiring.generators)
        tell_from_thread(*env_, generator, finish_phase{cut});
      cut->wait_until(std::chrono::steady_clock::now() + std::chrono::seconds{5}, [&] { return stop_requested(); });
      tell_from_thread(*env_, env_->wiring.clock, clock_tick{});
    }
  }

  std::uint64_t messages() const { return env_->messages.load(); }

private:
  environment_ptr make_environment(job what, const std::shared_ptr<clock>& time) {
    if (what.seed.value == 0)
      what.seed.value = draw_seed();
    auto workers = workers_of(what.conf);
    std::shared_ptr<const clock> reads = time ? std::shared_ptr<const clock>{time} : std::make_shared<system_clock>();
    auto env = std::make_shared<job_environment>(std::move(what), std::move(reads), workers, this);
    env->manual_time = manual_ != nullptr;
    return env;
  }

  bool stop_requested() {
    std::lock_guard guard{mutex_};
    return requested_;
  }

  void spawn_all() {
    auto& sys = system_.get();
    auto& w = env_->wiring;
    w.coordinator = watched(spawn_batch_coordinator(sys, env_));
    w.sink = watched(spawn_sink_writer(sys, env_));
    for (auto& stage : env_->plan.stages) {
      auto& partitions = w.stages.emplace_back();
      for (std::uint32_t p = 0; p < stage.partitions; ++p)
        partitions.push_back(watched(spawn_stage(sys, env_, stage.id, p)));
    }
    w.tracker = watched(spawn_block_tracker(sys, env_));
    w.clock = watched(spawn_batch_clock(sys, env_));
    for (auto& r : receivers_)
      w.generators.emplace(r->stream, watched(spawn_block_generator(sys, env_, r->stream, r->into,
                                                                    [pacer = r->pacer](std::size_t n) {
                                                                      return pacer->permits(n);
                                                                    })));
  }

  void begin() {
    auto& w = env_->wiring;
    for (auto& r : receivers_)
      w.supervisors.emplace(r->stream, watched(spawn_receiver_supervisor(system_.get(), env_, r)));
    if (env_->what.conf.boolean("stop.handle_signals"))
      signals_ = std::make_unique<signal_registration>([this](int count) { on_signal(count); });
    stopper_ = std::thread{[this] { stop_when_asked(); }};
    env_->listeners.post([now = env_->started_wall](listener& l) { l.on_streaming_started(now); });
    tell_from_thread(*env_, w.clock, clock_tick{});
  }

  void on_signal(int count) {
    bool graceful = count == 1 && env_->what.conf.boolean("stop.gracefully_on_signal");
    env_->log.warning(graceful ? "signal received: stopping gracefully, a second signal stops at once"
                               : "signal received: stopping at once");
    request_stop(graceful ? stop_mode::graceful : stop_mode::immediate);
  }

  /// An actor of the job that dies for any other reason than a stop is a bug of ours: the job must not hang on it.
  template <class Handle>
  Handle watched(Handle handle) {
    actors_ended_->expect();
    auto on_end = [this, ended = actors_ended_](const caf::error& reason) {
      if (reason && reason != caf::exit_reason::user_shutdown && reason != caf::exit_reason::normal) {
        error e{errc::internal, "an actor of the job died: " + system_text(reason)};
        env_->log.error(e.message);
        env_->what.report_error(e);
        request_stop(stop_mode::immediate);
      }
      ended->complete();
    };
    caf::actor_cast<caf::strong_actor_ptr>(handle)->get()->attach_functor(std::move(on_end));
    return handle;
  }

  std::string system_text(const caf::error& reason) { return system_.get().render(reason); }

  void stop_when_asked() {
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return requested_; });
      shutdown_ = std::make_unique<shutdown>(shutdown_target{env_, receivers_, actors_ended_}, [this] { return immediate_.load(); });
    }
    bool clean = shutdown_->run();
    signals_.reset();
    receivers_.clear();
    {
      std::lock_guard guard{mutex_};
      shutdown_.reset();
    }
    if (clean) {
      env_->wiring = {};
      system_.close();
    } else {
      system_.leak();
    }
    {
      std::lock_guard guard{mutex_};
      stopped_ = true;
    }
    changed_.notify_all();
  }

  std::shared_ptr<manual_clock> manual_;
  environment_ptr env_;
  caf_system system_;
  std::shared_ptr<completion> actors_ended_;
  std::vector<receiver_parts_ptr> receivers_;
  std::unique_ptr<signal_registration> signals_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
  std::atomic<bool> immediate_{false};
  bool stopped_ = false;
  std::unique_ptr<shutdown> shutdown_;
  std::thread stopper_;
};

actor_runtime::actor_runtime(actor_runtime_options options) : options_{std::move(options)} {}

actor_runtime::~actor_runtime() = default;

void actor_runtime::start(job what) { running_ = std::make_shared<running>(std::move(what), options_); }

void actor_runtime::request_stop(stop_mode mode) {
  if (running_)
    running_->request_stop(mode);
}

bool actor_runtime::wait_stopped(std::optional<std::chrono::milliseconds> limit) {
  return !running_ || running_->wait_stopped(limit);
}

bool actor_runtime::on_own_thread() const { return running_ && own_thread_mark::is_owned_by(running_.get()); }

void actor_runtime::advance(duration by) { running_->advance(by); }

std::uint64_t actor_runtime::messages() const { return running_ ? running_->messages() : 0; }

} // namespace millrace::actors
