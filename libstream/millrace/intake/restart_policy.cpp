#include "millrace/intake/restart_policy.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace millrace {

result<void> validate(const restart_options& options) {
  const auto bad = [](const char* name, const std::string& seen, const char* allowed) {
    return fail(errc::invalid_argument,
                std::string{name} + " is " + seen + ": it must be " + allowed);
  };
  if (options.max_restarts > 0 && options.period <= duration{0})
    return bad("the restart period", to_string(options.period), "positive");
  if (options.initial_delay < duration{0})
    return bad("the initial restart delay", to_string(options.initial_delay), "0 or more");
  if (options.max_delay < options.initial_delay)
    return bad("the maximal restart delay", to_string(options.max_delay),
               "at least the initial delay");
  if (!(options.jitter >= 0 && options.jitter <= 1))
    return bad("the restart jitter", std::to_string(options.jitter), "from 0 to 1");
  if (options.quiet_period < duration{0})
    return bad("the quiet period of restarts", to_string(options.quiet_period), "0 or more");
  return {};
}

restart_policy::restart_policy(restart_options options, random_source& random)
    : options_(options), random_(random) {
  if (auto valid = validate(options); !valid)
    throw stream_error(valid.error());
}

restart_decision restart_policy::decide(time_point now, restart_reason reason,
                                        std::optional<duration> asked_delay) {
  if (reason == restart_reason::failed && over_limit(now))
    return {.what = restart_decision::action::escalate, .delay = {}, .attempt = attempt_};
  if (attempt_ > 0 && now - running_since_ >= options_.quiet_period.chrono())
    attempt_ = 0;
  ++attempt_;
  const auto delay = asked_delay ? asked_delay->max(duration{0}) : backoff();
  running_since_ = now + delay.chrono();
  return {.what = restart_decision::action::restart, .delay = delay, .attempt = attempt_};
}

bool restart_policy::over_limit(time_point now) {
  if (options_.max_restarts == 0)
    return false;
  while (!failures_.empty() && now - failures_.front() > options_.period.chrono())
    failures_.pop_front();
  if (failures_.size() >= options_.max_restarts)
    return true;
  failures_.push_back(now);
  return false;
}

duration restart_policy::backoff() {
  // Doubling is over long before the exponent could matter; the cap keeps it finite.
  const auto doublings = static_cast<int>(std::min<std::uint64_t>(attempt_ - 1, 62));
  const auto full_ms =
      std::min(std::ldexp(static_cast<double>(options_.initial_delay.ms()), doublings),
               static_cast<double>(options_.max_delay.ms()));
  const auto taken_off = options_.jitter * random_.uniform();
  return duration{static_cast<std::int64_t>(full_ms * (1.0 - taken_off))};
}

} // namespace millrace
