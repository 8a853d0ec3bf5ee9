#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/repeated_warning.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// The log lines of a job that can repeat without bound, each kind of them held to a line when it
/// begins, one a minute with the figures while it lasts, and one when it is over or the job ends.
/// `logger::repeated` brings them here. Thread-safe, also against observers that log.
///
/// Bound: `max_subjects` kinds at a time; those beyond it are one kind for each component.
class repeated_lines {
public:
  static constexpr std::size_t max_subjects = 1'000;

  /// Without a clock every line is written.
  explicit repeated_lines(std::shared_ptr<const clock> time = nullptr) : time_{std::move(time)} {}

  /// The clock of the job, whose wall time must not go back.
  void use(std::shared_ptr<const clock> time);

  /// What `logger::repeated` was given.
  struct event {
    std::string_view component;
    log_level level = log_level::info;
    std::string_view subject;
    std::string_view text;
    std::uint64_t times = 1;
  };

  void say(const std::shared_ptr<log_observer>& to, const event& what);

  /// Time has passed: writes what is due. To be called from time to time, as with each batch.
  void look();

  /// The job ends: writes the figures that no line has given yet, and forgets all.
  void finish();

private:
  struct line {
    std::shared_ptr<log_observer> to;
    std::string component;
    log_level level = log_level::info;
    std::string text;
  };
  /// `last` is the latest line of the kind, as it was said.
  struct kind {
    repeated_warning repeats;
    std::string subject;
    line last;
  };

  kind& kind_of(std::string_view component, std::string_view subject);
  static line compose(const kind& of, const repeat_notice& notice);
  static line compose_rest(const kind& of, const repeat_notice& notice);
  static void write(const std::vector<line>& lines);

  std::mutex mutex_;
  std::shared_ptr<const clock> time_;
  std::map<std::string, kind> kinds_;
};

} // namespace millrace
