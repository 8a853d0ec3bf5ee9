#include "millrace/engine/receiver_life_cycle.hpp"

#include "millrace/intake/intake.hpp"
#include "millrace/intake/intake_pacer.hpp"

#include <utility>

namespace millrace {

receiver_life_cycle::receiver_life_cycle(receiver_parts_ptr parts, const job_settings& settings,
                                         std::uint64_t seed, const clock& time, job_outlet& outlet,
                                         receiver_effects& effects)
    : parts_{std::move(parts)},
      settings_{settings},
      time_{time},
      outlet_{outlet},
      effects_{effects},
      log_{outlet.log().named("receiver_supervisor")},
      random_{seed + parts_->name.stream.value()},
      policy_{settings.receiver_restarts, random_},
      info_{parts_->name.stream, parts_->name.text, false, "localhost", {}, {}, 0} {}

void receiver_life_cycle::start() {
  request_.reset();
  restart_at_.reset();
  parts_->pacer->resume();
  alive_ = true;
  effects_.begin_life();
}

void receiver_life_cycle::started() {
  info_.active = true;
  post(&listener::on_receiver_started);
}

void receiver_life_cycle::stop_threw(const std::string& message) { report(message); }

void receiver_life_cycle::ended(std::optional<std::string> failure) {
  if (!std::exchange(alive_, false))
    return;
  bool stops = request_ && request_->what == receiver_request::kind::stop;
  if (finishing_) {
    end_for_good();
    effects_.life_finished();
  } else if (failure && !stops) {
    restart_later(restart_reason::failed, *failure, {});
  } else if (request_ && !stops) {
    restart_later(restart_reason::requested, request_->message, request_->delay);
  } else {
    if (failure)
      report(*failure);
    if (request_)
      log_.info("receiver " + info_.name + " stopped: " + request_->message);
    end_for_good();
  }
}

void receiver_life_cycle::request(const receiver_request& request) {
  parts_->requests->arrived(request.what);
  bool stop = request.what == receiver_request::kind::stop;
  if (request.what == receiver_request::kind::report) {
    report(request.message);
  } else if (alive_ && !request_) {
    request_ = request;
    // on_stop may wait for threads that wait for permits.
    parts_->pacer->stop();
    effects_.end_life();
  } else if (alive_ && stop && request_->what != receiver_request::kind::stop) {
    request_ = request;
  } else if (!alive_ && stop && !ended_) {
    log_.info("receiver " + info_.name + " stopped: " + request.message);
    end_for_good();
  }
}

void receiver_life_cycle::restart_due() {
  if (!alive_ && !finishing_ && !ended_ && restart_at_ && time_.steady_now() >= *restart_at_)
    start();
}

void receiver_life_cycle::finish() {
  finishing_ = true;
  parts_->pacer->stop();
  if (alive_) {
    effects_.end_life();
    return;
  }
  end_for_good();
  effects_.life_finished();
}

void receiver_life_cycle::end_for_good() {
  if (std::exchange(ended_, true))
    return;
  restart_at_.reset();
  info_.active = false;
  parts_->into->stop();
  post(&listener::on_receiver_stopped);
}

void receiver_life_cycle::restart_later(restart_reason why, const std::string& reason,
                                        std::optional<duration> delay) {
  info_.active = false;
  note_error(reason);
  auto now = time_.steady_now();
  auto decision = policy_.decide(now, why, delay);
  if (decision.what == restart_decision::action::escalate) {
    give_up(reason);
    return;
  }
  ++info_.restarts;
  outlet_.metrics()->add("receiver_restarts_total", std::to_string(info_.stream.value()), 1);
  // By reason, so that one which is new is told at once.
  log_.repeated(log_level::warning, "restarts of receiver " + info_.name + " (" + reason + ")",
                "receiver " + info_.name + ": " + reason + "; restart in " +
                    to_string(decision.delay));
  restart_at_ = now + decision.delay.chrono();
  effects_.restart_at(*restart_at_);
}

void receiver_life_cycle::give_up(const std::string& reason) {
  auto& limit = settings_.receiver_restarts;
  error e{errc::unavailable,
          "receiver " + info_.name + " failed more than " + std::to_string(limit.max_restarts) +
              " times in " + to_string(limit.period) +
              " (options receiver.restart_intensity, receiver.restart_period), last: " + reason};
  log_.error(e.message);
  end_for_good();
  outlet_.end_job(e, stop_mode::graceful);
}

void receiver_life_cycle::report(const std::string& message) {
  log_.repeated(log_level::warning, "errors that receiver " + info_.name + " reported",
                "receiver " + info_.name + ": " + message);
  note_error(message);
}

void receiver_life_cycle::note_error(const std::string& message) {
  info_.last_error = message;
  info_.last_error_time = time_.wall_now();
  post(&listener::on_receiver_error);
}

void receiver_life_cycle::post(void (listener::*event)(const receiver_info&)) {
  if (outlet_.listened_to())
    outlet_.post([event, info = info_](listener& l) { (l.*event)(info); });
}

} // namespace millrace
