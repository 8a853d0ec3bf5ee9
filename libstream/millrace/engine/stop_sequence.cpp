#include "millrace/engine/stop_sequence.hpp"

#include <algorithm>

namespace millrace {

stop_sequence::stop_sequence(const job_settings& settings, stop_mode mode)
    : settings_{settings}, graceful_{mode == stop_mode::graceful} {}

std::optional<stop_sequence::step> stop_sequence::next(bool ended, bool immediate) {
  using enum stop_phase;
  const auto phase_limit = settings_.phase_timeout;
  const auto graceful_limit = settings_.graceful_timeout;
  auto go = [&](stop_phase phase, std::optional<std::chrono::milliseconds> limit,
                bool interruptible) {
    last_ = phase;
    return step{phase, limit, interruptible};
  };
  auto receivers_step = [&] {
    return go(receivers, graceful_ ? settings_.receivers_timeout : phase_limit, graceful_);
  };
  auto after_receivers = [&] {
    return graceful_ && !immediate ? go(blocks, graceful_limit, true)
                                   : go(threads, phase_limit, false);
  };
  if (!last_)
    return graceful_ ? receivers_step() : go(intakes, phase_limit, false);
  switch (*last_) {
  case intakes:
    if (!graceful_)
      return receivers_step();
    return receivers_ended_ ? after_receivers() : go(receivers_cut_short, phase_limit, false);
  case receivers:
    receivers_ended_ = ended;
    if (graceful_)
      return go(intakes, phase_limit, false);
    clean_ = clean_ && ended;
    return after_receivers();
  case receivers_cut_short:
    clean_ = clean_ && ended;
    return after_receivers();
  case blocks:
    return immediate ? go(threads, phase_limit, false) : go(batches, graceful_limit, true);
  case batches:
    return go(threads, phase_limit, false);
  case threads:
    clean_ = clean_ && ended;
    return go(actors, phase_limit, false);
  case actors:
    clean_ = clean_ && ended;
    return go(listeners, phase_limit, false);
  case listeners:
    clean_ = clean_ && ended;
    return std::nullopt;
  }
  return std::nullopt;
}

} // namespace millrace
