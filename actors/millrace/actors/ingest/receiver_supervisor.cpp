#include "millrace/actors/ingest/receiver_supervisor.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver.hpp"
#include "millrace/actors/ingest/receiver_parts.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/system/system_clock.hpp"
#include "millrace/base/random.hpp"
#include "millrace/intake/intake.hpp"
#include "millrace/intake/intake_pacer.hpp"
#include "millrace/intake/receiver.hpp"
#include "millrace/intake/restart_policy.hpp"

namespace millrace::actors {

namespace {

struct supervisor_state {
  static inline const char* name = "receiver_supervisor";
  environment_ptr env;
  receiver_parts_ptr parts;
  logger log;
  std::unique_ptr<seeded_random> random;
  std::optional<restart_policy> policy;
  receiver_info info;
  receiver_actor child;
  std::chrono::steady_clock::time_point restart_at; ///< Meaningful while there is no child.
  std::optional<receiver_request> wish; ///< What the present life asked for before it ended.
  std::shared_ptr<completion> finishing;
  bool ended = false;
};

using self_ptr = receiver_supervisor_actor::stateful_pointer<supervisor_state>;

restart_options options_of(const configuration& conf) {
  restart_options o;
  o.max_restarts = static_cast<std::uint32_t>(conf.integer("receiver.restart_intensity"));
  o.period = conf.get_duration("receiver.restart_period");
  o.initial_delay = conf.get_duration("receiver.restart_delay");
  o.max_delay = conf.get_duration("receiver.restart_delay_max").max(o.initial_delay);
  return o;
}

void post(self_ptr self, void (listener::*event)(const receiver_info&)) {
  auto& s = self->state;
  if (s.env->listeners.wanted())
    s.env->listeners.post([event, info = s.info](listener& l) { (l.*event)(info); });
}

void note_error(self_ptr self, const std::string& message) {
  auto& s = self->state;
  s.info.last_error = message;
  s.info.last_error_time = s.env->time->wall_now();
  post(self, &listener::on_receiver_error);
}

void start(self_ptr self) {
  auto& s = self->state;
  s.wish.reset();
  s.parts->pacer->resume();
  s.child = spawn_receiver(self, s.env, s.parts, self);
  self->monitor(s.child);
}

void end(self_ptr self) {
  auto& s = self->state;
  if (std::exchange(s.ended, true))
    return;
  s.info.active = false;
  s.parts->into->stop();
  post(self, &listener::on_receiver_stopped);
}

void escalate(self_ptr self, const std::string& reason) {
  auto& s = self->state;
  error e{errc::unavailable,
          "receiver " + s.info.name + " failed more than " +
              std::to_string(s.env->what.conf.integer("receiver.restart_intensity")) +
              " times in " + to_string(s.env->what.conf.get_duration("receiver.restart_period")) +
              " (options receiver.restart_intensity, receiver.restart_period), last: " + reason};
  s.log.error(e.message);
  end(self);
  s.env->what.report_error(e);
  s.env->request_stop(stop_mode::graceful);
}

void restart_later(self_ptr self, restart_reason why, const std::string& reason,
                   std::optional<duration> delay) {
  auto& s = self->state;
  s.info.active = false;
  note_error(self, reason);
  auto decision = s.policy->decide(s.env->steady_now(), why, delay);
  if (decision.what == restart_decision::action::escalate) {
    escalate(self, reason);
    return;
  }
  ++s.info.restarts;
  s.env->what.metrics->add("receiver_restarts_total", std::to_string(s.info.stream.value()), 1);
  s.log.warning("receiver " + s.info.name + ": " + reason + "; restart in " +
                to_string(decision.delay));
  s.restart_at = s.env->steady_now() + decision.delay.chrono();
  if (!s.env->manual_time)
    self->scheduled_send(self, s.restart_at, restart_due{});
}

void report(self_ptr self, const std::string& message) {
  self->state.log.warning("receiver " + self->state.info.name + ": " + message);
  note_error(self, message);
}

/// What the receiver threw, if that is how its life ended.
std::optional<std::string> failure_of(const caf::down_msg& down) {
  if (!down.reason || down.reason == caf::exit_reason::normal)
    return std::nullopt;
  if (down.reason.context().match_elements<std::string>())
    return down.reason.context().get_as<std::string>(0);
  return down.reason.context().empty() ? "failed" : caf::to_string(down.reason.context());
}

/// The present life is over. A stop that the receiver asked for holds, however it ended.
void on_down(self_ptr self, const caf::down_msg& down) {
  auto& s = self->state;
  if (!s.child || down.source != s.child->address())
    return;
  s.child = nullptr;
  auto failure = failure_of(down);
  bool stops = s.wish && s.wish->what == receiver_request::kind::stop;
  if (s.finishing) {
    end(self);
    s.finishing->complete();
  } else if (failure && !stops) {
    restart_later(self, restart_reason::failed, *failure, {});
  } else if (s.wish && !stops) {
    restart_later(self, restart_reason::requested, s.wish->message, s.wish->delay);
  } else {
    if (failure)
      report(self, *failure);
    if (s.wish)
      s.log.info("receiver " + s.info.name + " stopped: " + s.wish->message);
    end(self);
  }
}

void on_request(self_ptr self, const receiver_request& request) {
  auto& s = self->state;
  s.parts->link->requests.arrived(request.what);
  bool stop = request.what == receiver_request::kind::stop;
  if (request.what == receiver_request::kind::report) {
    report(self, request.message);
  } else if (s.child && !s.wish) {
    s.wish = request;
    // on_stop may wait for threads that wait for permits.
    s.parts->pacer->stop();
    tell(*s.env, self, s.child, finish_phase{});
  } else if (s.child && stop && s.wish->what != receiver_request::kind::stop) {
    s.wish = request;
  } else if (!s.child && stop && !s.ended) {
    s.log.info("receiver " + s.info.name + " stopped: " + request.message);
    end(self);
  }
}

/// `started`, or `stopped` with what on_stop threw.
void on_event(self_ptr self, const receiver_event& event) {
  auto& s = self->state;
  if (event.what == receiver_event::kind::stopped) {
    report(self, event.message);
    return;
  }
  s.info.active = true;
  post(self, &listener::on_receiver_started);
}

void on_finish(self_ptr self, const finish_phase& phase) {
  auto& s = self->state;
  s.finishing = phase.done;
  s.parts->pacer->stop();
  if (s.child) {
    tell(*s.env, self, s.child, finish_phase{});
    return;
  }
  end(self);
  s.finishing->complete();
}

receiver_supervisor_actor::behavior_type behave(self_ptr self, environment_ptr env,
                                                receiver_parts_ptr parts) {
  init_actor(self);
  auto& s = self->state;
  s.log = env->log.named("receiver_supervisor");
  s.random = std::make_unique<seeded_random>(env->seed.value + parts->link->stream.value());
  s.policy.emplace(options_of(env->what.conf), *s.random);
  s.info = {parts->link->stream, parts->link->name, false, "localhost", {}, {}, 0};
  s.env = std::move(env);
  s.parts = std::move(parts);
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });
  s.parts->user->attach(s.parts->link->stream, make_receiver_host(s.env, s.parts->link, self),
                        s.parts->into);
  start(self);
  return {
      [self](const receiver_request& request) { on_request(self, request); },
      [self](const receiver_event& event) { on_event(self, event); },
      [self](const restart_due&) {
        auto& st = self->state;
        if (!st.child && !st.finishing && !st.ended && st.env->steady_now() >= st.restart_at)
          start(self);
      },
      [self](const rate_changed& rate) {
        self->state.parts->pacer->update_rate(rate.records_per_second);
      },
      [self](const finish_phase& phase) { on_finish(self, phase); },
  };
}

} // namespace

receiver_supervisor_actor spawn_receiver_supervisor(caf::actor_system& system, environment_ptr env,
                                                    receiver_parts_ptr parts) {
  return system.spawn(behave, std::move(env), std::move(parts));
}

} // namespace millrace::actors
