#include "millrace/base/repeated_lines.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace millrace {

void repeated_lines::use(std::shared_ptr<const clock> time) {
  const std::lock_guard guard{mutex_};
  time_ = std::move(time);
}

void repeated_lines::say(const std::shared_ptr<log_observer>& to, const event& what) {
  line said{to, std::string{what.component}, what.level, std::string{what.text}};
  {
    const std::lock_guard guard{mutex_};
    if (time_) {
      auto& of = kind_of(what.component, what.subject);
      of.last = std::move(said);
      const auto notice = of.repeats.happened(time_->wall_now(), what.times);
      if (!notice)
        return;
      said = compose(of, *notice);
    }
  }
  write({said});
}

void repeated_lines::look() {
  std::vector<line> due;
  {
    const std::lock_guard guard{mutex_};
    if (kinds_.empty())
      return;
    const auto now = time_->wall_now();
    for (auto at = kinds_.begin(); at != kinds_.end();) {
      auto& of = at->second;
      if (const auto notice = of.repeats.look(now))
        due.push_back(compose(of, *notice));
      at = of.repeats.lasting() ? std::next(at) : kinds_.erase(at);
    }
  }
  write(due);
}

void repeated_lines::finish() {
  std::vector<line> left;
  {
    const std::lock_guard guard{mutex_};
    for (auto& [name, of] : std::exchange(kinds_, {}))
      if (const auto notice = of.repeats.end(time_->wall_now()); notice->times != 0)
        left.push_back(compose_rest(of, *notice));
  }
  write(left);
}

repeated_lines::kind& repeated_lines::kind_of(std::string_view component,
                                              std::string_view subject) {
  const auto name = [&](std::string_view of) { return fmt::format("{}\n{}", component, of); };
  auto at = kinds_.find(name(subject));
  if (at == kinds_.end()) {
    if (kinds_.size() >= max_subjects)
      subject = "other lines that repeat";
    at = kinds_.try_emplace(name(subject)).first;
    at->second.subject = subject;
  }
  return at->second;
}

repeated_lines::line repeated_lines::compose(const kind& of, const repeat_notice& notice) {
  using enum repeat_notice::kind;
  auto out = of.last;
  if (notice.what == begins && notice.times > 1)
    out.text += fmt::format(" (and {} more)", notice.times - 1);
  if (notice.what == lasts)
    out.text = fmt::format("{}: {} more in {}, {} in {} altogether; the last: {}", of.subject,
                           notice.times, pretty_print(notice.since_notice), notice.total,
                           pretty_print(notice.since_begin), of.last.text);
  if (notice.what == over) {
    const bool all_told = notice.times == 0;
    out.level = all_told ? log_level::info : of.last.level;
    out.text = fmt::format("{}: none for {}, after {} in {}", of.subject,
                           pretty_print(notice.since_last_time), notice.total,
                           pretty_print(notice.since_begin - notice.since_last_time));
    if (!all_told)
      out.text += fmt::format("; {} since the last line, the last: {}", notice.times, of.last.text);
  }
  return out;
}

repeated_lines::line repeated_lines::compose_rest(const kind& of, const repeat_notice& notice) {
  auto out = of.last;
  out.text = fmt::format("{}: {} more until the end of the job, {} in {} altogether; the last: {}",
                         of.subject, notice.times, notice.total, pretty_print(notice.since_begin),
                         of.last.text);
  return out;
}

void repeated_lines::write(const std::vector<line>& lines) {
  for (const auto& line : lines)
    line.to->log(line.level, line.component, line.text);
}

} // namespace millrace
