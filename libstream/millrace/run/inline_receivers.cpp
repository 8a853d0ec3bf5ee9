#include "millrace/run/inline_receivers.hpp"

#include "millrace/supervise/restart_policy.hpp"

#include <mutex>

namespace millrace {

namespace {

/// Errors that receiver threads may report between two polls; further ones are dropped.
constexpr std::size_t max_reports = 1'000;

/// Blocks that may wait for the next poll. Many, because on_stop waits for the receiver's threads
/// on the thread that polls.
constexpr std::size_t max_ready_blocks = 10'000;

/// Delays without chance, so that a run can be repeated.
restart_options restarts_of(const configuration& conf) {
  restart_options o;
  o.max_restarts = static_cast<std::uint32_t>(conf.integer("receiver.restart_intensity"));
  o.period = conf.get_duration("receiver.restart_period");
  o.initial_delay = conf.get_duration("receiver.restart_delay");
  o.max_delay = conf.get_duration("receiver.restart_delay_max").max(o.initial_delay);
  o.jitter = 0;
  return o;
}

} // namespace

/// One receiver. What it asks for, from any thread, is noted and done by the next `act`.
struct inline_receivers::hosted {
  hosted(const job& what, const clock& time, const source_node& source, const receiver_source& spec)
      : what{what}, time{time}, stream{source.stream()}, policy{restarts_of(what.conf), random} {
    auto& who = *source.info();
    name = who.name.empty() ? who.operation + "-" + std::to_string(stream.value()) : who.name;
    intake_options options;
    options.max_block_bytes = what.conf.bytes("stream.max_block_bytes");
    options.max_ready_blocks = max_ready_blocks;
    user = spec.make_receiver();
    into = spec.make_intake(options);
    into->connect({});
  }

  void begin() {
    user->set_started(true);
    running = true;
    try {
      user->on_start();
      started = true;
      tell(&listener::on_receiver_started);
    } catch (const std::exception& e) {
      failed_to_start(e.what());
    } catch (...) {
      failed_to_start("it threw something that is not a std::exception");
    }
  }

  void end() {
    if (!running)
      return;
    running = false;
    user->set_started(false);
    try {
      user->on_stop();
    } catch (const std::exception& e) {
      tell(&listener::on_receiver_error, std::string{"on_stop threw: "} + e.what());
    }
    if (std::exchange(started, false))
      tell(&listener::on_receiver_stopped);
  }

  void act() {
    requests now;
    {
      std::lock_guard guard{mutex};
      now = std::exchange(wanted, {});
    }
    for (auto& message : now.reports)
      tell(&listener::on_receiver_error, std::move(message));
    if (now.stop) {
      end();
      into->stop();
      restart_at.reset();
    } else if (now.restart && running) {
      end();
      plan_restart(restart_reason::requested, now.delay, "asked for restarts");
    }
    if (restart_at && *restart_at <= time.wall_now()) {
      restart_at.reset();
      ++restarts;
      begin();
    }
  }

  void failed_to_start(const std::string& why) {
    tell(&listener::on_receiver_error, "on_start threw: " + why);
    end();
    plan_restart(restart_reason::failed, std::nullopt, why);
  }

  void plan_restart(restart_reason reason, std::optional<duration> delay, const std::string& why) {
    auto decision = policy.decide(time.steady_now(), reason, delay);
    if (decision.what == restart_decision::action::restart)
      restart_at = time.wall_now() + decision.delay;
    else
      given_up = error{errc::unavailable, "receiver " + name +
                                              " failed too often (see receiver.restart_intensity); "
                                              "the last time: " +
                                              why};
  }

  void tell(void (listener::*event)(const receiver_info&), std::string error = {}) const {
    receiver_info about{stream, name,    user->is_started(), "localhost", std::move(error),
                        {},     restarts};
    if (!about.last_error.empty())
      about.last_error_time = time.wall_now();
    for (auto& l : what.listeners())
      notify(what.log, [&] { ((*l).*event)(about); });
  }

  struct requests {
    bool restart = false;
    bool stop = false;
    std::optional<duration> delay;
    std::vector<std::string> reports;
  };

  const job& what;
  const clock& time;
  stream_id stream;
  std::string name;
  seeded_random random{1};
  restart_policy policy;
  std::shared_ptr<receiver_base> user;
  std::shared_ptr<intake> into;
  bool running = false; ///< Between on_start and on_stop.
  bool started = false; ///< on_start returned well, and listeners know.
  std::uint64_t restarts = 0;
  std::optional<batch_time> restart_at;
  std::optional<error> given_up;
  std::uint64_t next_block = 0;
  block_ptr pending; ///< Popped, and refused by the store so far.
  std::mutex mutex;
  requests wanted;
};

/// How a receiver reaches its host: weakly, because the host owns the receiver.
struct inline_receivers::door final : receiver_host {
  explicit door(std::weak_ptr<hosted> to) : to{std::move(to)} {}

  template <class Ask>
  void ask(Ask what) {
    auto host = to.lock();
    if (!host)
      return;
    std::lock_guard guard{host->mutex};
    what(*host);
  }

  void request_restart(std::string, std::optional<duration> delay) override {
    ask([&](hosted& host) {
      host.wanted.restart = true;
      host.wanted.delay = delay;
      host.user->set_started(false);
    });
  }
  void request_stop(std::string) override {
    ask([](hosted& host) {
      host.wanted.stop = true;
      host.user->set_started(false);
    });
  }
  void report_error(std::string message) override {
    ask([&](hosted& host) {
      if (host.wanted.reports.size() < max_reports)
        host.wanted.reports.push_back(std::move(message));
    });
  }
  void run(std::function<void(std::stop_token)>) override {
    throw stream_error{errc::unsupported,
                       "receiver::run needs the actor runtime; the inline runtime has no threads"};
  }

  std::weak_ptr<hosted> to;
};

inline_receivers::inline_receivers(const job& what, const clock& time) {
  for (auto& source : what.graph->sources()) {
    if (std::holds_alternative<socket_source>(source->spec()))
      throw stream_error{errc::unsupported, describe(*source->info()) + " needs the actor runtime"};
    auto* spec = std::get_if<receiver_source>(&source->spec());
    if (!spec)
      continue;
    auto host = std::make_shared<hosted>(what, time, *source, *spec);
    host->user->attach(source->stream(), std::make_shared<door>(host), host->into);
    receivers_.push_back(std::move(host));
  }
}

inline_receivers::~inline_receivers() = default;

void inline_receivers::start() {
  for (auto& host : receivers_)
    host->begin();
}

void inline_receivers::stop() {
  stopped_ = true;
  for (auto& host : receivers_) {
    host->end();
    host->into->stop();
  }
}

std::optional<error> inline_receivers::poll(block_store& store, batch_assembler& assembler) {
  for (auto& host : receivers_) {
    if (!stopped_)
      host->act();
    if (host->given_up)
      return host->given_up;
    host->into->cut();
    for (;;) {
      if (!host->pending)
        host->pending = host->into->pop();
      if (!host->pending)
        break;
      block_id id{host->stream, host->next_block};
      block_meta meta{id, host->pending->records(), host->pending->bytes()};
      if (!store.try_put(id, host->pending))
        break;
      host->pending.reset();
      ++host->next_block;
      if (auto ok = assembler.stored(meta); !ok)
        return ok.error();
    }
  }
  return std::nullopt;
}

} // namespace millrace
