#include "millrace/engine/inline_receivers.hpp"

#include "millrace/engine/inline_requests.hpp"
#include "millrace/intake/intake_pacer.hpp"
#include "millrace/intake/restart_policy.hpp"
#include "millrace/intake/thrown_by.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace {

namespace {

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

token_bucket_options rate_of(const configuration& conf) {
  token_bucket_options o;
  o.max_rate = static_cast<double>(conf.integer("stream.receiver_max_rate"));
  return o;
}

receiver_info info_of(const source_node& source) {
  auto& who = *source.info();
  receiver_info info;
  info.stream = source.stream();
  info.name =
      who.name.empty() ? who.operation + "-" + std::to_string(info.stream.value()) : who.name;
  info.location = "localhost";
  return info;
}

/// Makes the threads of a receiver keep to its rate. The thread that moves the clock cannot wait
/// for it, and stores on credit. Shared with the intake, which may outlive the job.
struct rate_gate {
  rate_gate(const configuration& conf, std::shared_ptr<const clock> time)
      : pacer{rate_of(conf), std::move(time)} {}

  bool is_mover() const { return mover.load() == std::this_thread::get_id(); }

  std::size_t permits(std::size_t wanted) {
    return is_mover() ? pacer.permits_at_once(wanted) : pacer.permits(wanted);
  }

  intake_pacer pacer;
  /// The thread that drives the runtime.
  std::atomic<std::thread::id> mover{std::this_thread::get_id()};
};

} // namespace

/// One receiver. What it asks for, from any thread, is noted and done by the next `act`. Listeners
/// and the log are told the same as by the receiver supervisor of the actor runtime.
struct inline_receivers::hosted {
  hosted(const job& what, std::shared_ptr<const clock> now, const source_node& source,
         const receiver_source& spec)
      : what{what},
        log{what.log, "receiver_supervisor"},
        time{std::move(now)},
        policy{restarts_of(what.conf), random},
        info{info_of(source)},
        rate{std::make_shared<rate_gate>(what.conf, time)} {
    intake_options options;
    options.max_block_bytes = what.conf.bytes("stream.max_block_bytes");
    options.max_ready_blocks = max_ready_blocks;
    user = spec.make_receiver();
    if (auto note = note_on_location(*user, info.name, info.location))
      log.info(*note);
    into = spec.make_intake(options);
    into->connect({[r = rate, in = into.get()](std::size_t wanted) {
                     if (r->is_mover() && in->is_full())
                       throw_full();
                     return r->permits(wanted);
                   },
                   {},
                   [r = rate] { return !r->is_mover(); }});
  }

  [[noreturn]] static void throw_full() {
    throw stream_error{
        errc::limit_exceeded,
        "store: " + std::to_string(max_ready_blocks) +
            " blocks wait for the thread that moves the clock, and it is that thread "
            "which stores: store fewer, larger blocks between two moves, or store "
            "from another thread"};
  }

  void begin() {
    user->set_started(true);
    rate->pacer.resume();
    running = true;
    if (auto failure = thrown_by([&] { user->on_start(); })) {
      end();
      restart_later(restart_reason::failed, "on_start threw: " + *failure, std::nullopt);
      return;
    }
    info.active = true;
    tell(&listener::on_receiver_started);
  }

  /// on_stop may wait for threads that wait for permits.
  void end() {
    if (!std::exchange(running, false))
      return;
    user->set_started(false);
    rate->pacer.stop();
    if (auto failure = thrown_by([&] { user->on_stop(); }))
      report("on_stop threw: " + *failure);
  }

  void end_for_good() {
    end();
    tell_reports(asked->take());
    restart_at.reset();
    if (std::exchange(ended, true))
      return;
    info.active = false;
    into->stop();
    tell(&listener::on_receiver_stopped);
  }

  void act() {
    auto now = asked->take();
    tell_reports(now);
    if (now.stop) {
      if (!ended)
        log.info("receiver " + info.name + " stopped: " + *now.stop);
      end_for_good();
    } else if (now.restart && running) {
      end();
      restart_later(restart_reason::requested, *now.restart, now.delay);
    }
    if (restart_at && *restart_at <= time->wall_now()) {
      restart_at.reset();
      begin();
    }
  }

  void take_blocks() {
    const auto due = rate->pacer.paid_at();
    while (waiting.size() < max_ready_blocks) {
      auto block = into->pop();
      if (!block)
        return;
      waiting.emplace_back(std::move(block), due);
    }
  }

  void restart_later(restart_reason reason, const std::string& why, std::optional<duration> asked) {
    info.active = false;
    note_error(why);
    auto decision = policy.decide(time->steady_now(), reason, asked);
    if (decision.what == restart_decision::action::escalate) {
      give_up(why);
      return;
    }
    ++info.restarts;
    what.metrics->add("receiver_restarts_total", std::to_string(info.stream.value()), 1);
    log.warning("receiver " + info.name + ": " + why + "; restart in " + to_string(decision.delay));
    restart_at = time->wall_now() + decision.delay;
  }

  void give_up(const std::string& why) {
    given_up =
        error{errc::unavailable,
              "receiver " + info.name + " failed more than " +
                  std::to_string(what.conf.integer("receiver.restart_intensity")) + " times in " +
                  to_string(what.conf.get_duration("receiver.restart_period")) +
                  " (options receiver.restart_intensity, receiver.restart_period), last: " + why};
    log.error(given_up->message);
    end_for_good();
  }

  void report(const std::string& message) {
    log.warning("receiver " + info.name + ": " + message);
    note_error(message);
  }

  void tell_reports(const inline_requests::taken& from) {
    for (auto& message : from.reports)
      report(message);
    if (from.dropped == 0)
      return;
    what.metrics->add("receiver_reports_dropped_total", std::to_string(info.stream.value()),
                      from.dropped);
    if (!std::exchange(warned_of_dropped, true))
      log.warning("receiver " + info.name + " reports errors faster than they can be told: " +
                  std::to_string(inline_requests::max_reports) + " wait, further ones are dropped");
  }

  void note_error(const std::string& message) {
    info.last_error = message;
    info.last_error_time = time->wall_now();
    tell(&listener::on_receiver_error);
  }

  void tell(void (listener::*event)(const receiver_info&)) const {
    for (auto& l : what.listeners())
      notify(what.log, [&] { ((*l).*event)(info); });
  }

  const job& what;
  logger log;
  std::shared_ptr<const clock> time;
  seeded_random random{1};
  restart_policy policy;
  receiver_info info;
  std::shared_ptr<rate_gate> rate;
  std::shared_ptr<receiver_base> user;
  std::shared_ptr<intake> into;
  bool running = false; ///< Between on_start and on_stop.
  bool ended = false;   ///< For good.
  bool warned_of_dropped = false;
  std::optional<batch_time> restart_at;
  std::optional<error> given_up;
  std::uint64_t next_block = 0;
  /// Blocks that the store has not taken yet, and when they are within the rate.
  std::deque<std::pair<block_ptr, std::chrono::steady_clock::time_point>> waiting;
  const std::shared_ptr<inline_requests> asked = std::make_shared<inline_requests>();
};

inline_receivers::inline_receivers(const job& what, std::shared_ptr<const clock> time) {
  for (auto& source : what.graph->sources()) {
    if (std::holds_alternative<socket_source>(source->spec()))
      throw stream_error{errc::unsupported, describe(*source->info()) + " needs the actor runtime"};
    auto* spec = std::get_if<receiver_source>(&source->spec());
    if (!spec)
      continue;
    auto host = std::make_shared<hosted>(what, time, *source, *spec);
    host->user->attach(source->stream(), make_inline_host(host->asked, *host->user), host->into);
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
  for (auto& host : receivers_)
    host->end_for_good();
}

std::optional<error> inline_receivers::poll(block_store& store, batch_assembler& assembler) {
  std::optional<error> first;
  auto note = [&](const error& e) {
    if (!first)
      first = e;
  };
  for (auto& host : receivers_) {
    host->rate->mover = std::this_thread::get_id();
    host->rate->pacer.time_moved();
    if (!stopped_)
      host->act();
    if (auto e = std::exchange(host->given_up, {}))
      note(*e);
    host->into->cut();
    host->take_blocks();
    if (auto stored = store_blocks(*host, store, assembler); !stored)
      note(stored.error());
  }
  return first;
}

result<void> inline_receivers::store_blocks(hosted& host, block_store& store,
                                            batch_assembler& assembler) const {
  result<void> all;
  auto& waiting = host.waiting;
  while (!waiting.empty() && (stopped_ || waiting.front().second <= host.time->steady_now())) {
    auto& block = waiting.front().first;
    block_id id{host.info.stream, host.next_block};
    block_meta meta{id, block->records(), block->bytes()};
    if (!store.try_put(id, block))
      return all;
    waiting.pop_front();
    ++host.next_block;
    if (auto ok = assembler.stored(meta); !ok && all)
      all = fail(ok.error().code, to_string(id) + " is lost: " + ok.error().message);
    if (waiting.empty())
      host.take_blocks();
  }
  return all;
}

void inline_receivers::update_rate(stream_id stream, double records_per_second) {
  for (auto& host : receivers_)
    if (host->info.stream == stream)
      host->rate->pacer.update_rate(records_per_second);
}

std::optional<std::int64_t> inline_receivers::rate_limit(stream_id stream) const {
  for (auto& host : receivers_)
    if (host->info.stream == stream)
      if (auto limit = host->rate->pacer.current_limit(); limit != token_bucket::no_limit)
        return limit;
  return std::nullopt;
}

} // namespace millrace
