#pragma once

#include "millrace/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// How much a log line matters. `off` is for minimum levels only: nothing is logged at it.
enum class log_level { trace, debug, info, warning, error, off };

/// "trace", "debug", "info", "warning", "error" or "off".
std::string_view to_string(log_level level) noexcept;

/// Reads what `to_string` writes, in any case, and "warn". Anything else: invalid_argument.
result<log_level> parse_log_level(std::string_view text);

/// Where log lines go. Called from any thread, also several at once; must not throw and must not
/// keep the views. Shared by everything that logs in a process.
class log_observer {
public:
  log_observer() = default;
  log_observer(const log_observer&) = delete;
  log_observer& operator=(const log_observer&) = delete;
  virtual ~log_observer() = default;

  virtual void log(log_level level, std::string_view component, std::string_view text) = 0;
};

class repeated_lines;

/// The handle that a component logs with: an observer and the component's name. Cheap to copy, safe
/// on any thread. A default-made logger, or one with a null observer, drops everything.
class logger {
public:
  logger() = default;
  logger(std::shared_ptr<log_observer> observer, std::string component,
         std::shared_ptr<repeated_lines> repeats = nullptr);

  /// The same under another component name.
  [[nodiscard]] logger named(std::string component) const;

  [[nodiscard]] const std::string& component() const noexcept { return component_; }

  void log(log_level level, std::string_view text) const;

  void debug(std::string_view text) const { log(log_level::debug, text); }

  void info(std::string_view text) const { log(log_level::info, text); }

  void warning(std::string_view text) const { log(log_level::warning, text); }

  void error(std::string_view text) const { log(log_level::error, text); }

  /// For what can happen without bound: `text` is written the first time; while it goes on, one
  /// line a minute gives the figures and the latest text, and one more when it is over or the job
  /// ends. What has the same `subject` (a noun in the plural, such as "restarts of receiver a") and
  /// component is counted together, `times` at once. Subjects must be few, so not made of records;
  /// beyond `repeated_lines::max_subjects` they are told together. Without `repeated_lines`,
  /// outside of jobs, each text is written.
  void repeated(log_level level, std::string_view subject, std::string_view text,
                std::uint64_t times = 1) const;

private:
  std::shared_ptr<log_observer> observer_;
  std::string component_;
  std::shared_ptr<repeated_lines> repeats_;
};

/// Writes lines of at least `minimum` to stderr, each at once and whole:
/// "2024-05-01 12:00:00.000 warning batch_clock: text".
std::shared_ptr<log_observer> make_spdlog_observer(log_level minimum);

/// Keeps log lines in memory, for tests. Safe on any thread. Holds `capacity` lines; later ones are
/// counted in `dropped()` and forgotten.
class memory_log final : public log_observer {
public:
  struct entry {
    log_level level = log_level::info;
    std::string component;
    std::string text;
  };

  explicit memory_log(std::size_t capacity = 100'000) noexcept : capacity_{capacity} {}

  void log(log_level level, std::string_view component, std::string_view text) override;

  /// A copy of what was logged so far, oldest first.
  [[nodiscard]] std::vector<entry> entries() const;

  /// How many kept lines have exactly this level and contain `substring`.
  [[nodiscard]] std::size_t count(log_level level, std::string_view substring) const;

  [[nodiscard]] std::size_t dropped() const;

private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<entry> entries_;
  std::size_t dropped_ = 0;
};

} // namespace millrace
