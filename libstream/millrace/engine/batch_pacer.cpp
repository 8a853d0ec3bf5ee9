#include "millrace/engine/batch_pacer.hpp"

#include <string>
#include <utility>

namespace millrace {

namespace {

constexpr std::uint64_t most_of_a_busy_machine = 3;
const duration second{1'000};
const duration minute{60'000};

} // namespace

result<missed_batches> parse_missed_batches(std::string_view text) {
  if (text == "one")
    return missed_batches::one;
  if (text == "all")
    return missed_batches::all;
  return fail(errc::invalid_argument,
              "stream.missed_batches is \"" + std::string(text) + "\"; allowed are one and all");
}

batch_pacer::batch_pacer(batch_schedule schedule, missed_batches policy)
    : schedule_{std::move(schedule)}, policy_{policy}, watch_{schedule_.period()} {}

batch_pace batch_pacer::look(batch_time now, batch_time wall) {
  batch_pace pace;
  pace.due = schedule_.due(now);
  if (policy_ == missed_batches::one && pace.due.count() > most_of_a_busy_machine)
    if (const auto late = now - pace.due.begin; late >= second)
      merge(pace, late);
  if (untold_.count != 0 && (!told_at_ || now - *told_at_ >= minute)) {
    pace.lines.push_back(tell_gaps());
    untold_ = {};
    told_at_ = now;
  }
  if (auto line = watch_.observe(now, wall))
    pace.lines.push_back(std::move(*line));
  if (schedule_.deadline() > now)
    pace.next = schedule_.deadline();
  return pace;
}

std::optional<log_line> batch_pacer::last_words() {
  if (untold_.count == 0)
    return std::nullopt;
  auto line = tell_gaps();
  untold_ = {};
  return line;
}

void batch_pacer::merge(batch_pace& pace, duration late) {
  const auto newest = pace.due.end - pace.due.period;
  pace.missed = pace.due.count() - 1;
  pace.due.begin = newest;
  ++untold_.count;
  untold_.missed += pace.missed;
  untold_.longest = untold_.longest.max(late);
  untold_.last = newest;
}

log_line batch_pacer::tell_gaps() const {
  const bool once = untold_.count == 1;
  const auto times =
      once ? std::string{"for "} : std::to_string(untold_.count) + " times, for up to ";
  return {log_level::warning, "the process was suspended or held up " + times +
                                  pretty_print(untold_.longest) + ": " +
                                  std::to_string(untold_.missed) +
                                  " batches were missed; what came in meanwhile is in " +
                                  (once ? "batch " : "the batch after each, the last of them ") +
                                  to_string(untold_.last) + " (option stream.missed_batches)"};
}

} // namespace millrace
