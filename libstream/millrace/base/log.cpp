#include "millrace/base/log.hpp"

#include "millrace/base/repeated_lines.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace millrace {

namespace {

struct level_name {
  log_level level;
  std::string_view name;
};

constexpr std::array<level_name, 6> level_names{{{log_level::trace, "trace"},
                                                 {log_level::debug, "debug"},
                                                 {log_level::info, "info"},
                                                 {log_level::warning, "warning"},
                                                 {log_level::error, "error"},
                                                 {log_level::off, "off"}}};

spdlog::level::level_enum to_spdlog(log_level level) noexcept {
  switch (level) {
  case log_level::trace:
    return spdlog::level::trace;
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  case log_level::off:
    return spdlog::level::off;
  }
  return spdlog::level::info;
}

class spdlog_observer final : public log_observer {
public:
  explicit spdlog_observer(log_level minimum)
      : logger_{"millrace", std::make_shared<spdlog::sinks::stderr_sink_mt>()} {
    logger_.set_level(to_spdlog(minimum));
    logger_.flush_on(spdlog::level::trace);
    logger_.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  }

  void log(log_level level, std::string_view component, std::string_view text) override {
    if (level != log_level::off)
      logger_.log(to_spdlog(level), "{}: {}", component, text);
  }

private:
  spdlog::logger logger_;
};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

std::string_view to_string(log_level level) noexcept {
  for (const auto& known : level_names)
    if (known.level == level)
      return known.name;
  return "unknown";
}

result<log_level> parse_log_level(std::string_view text) {
  std::string word{text};
  std::transform(word.begin(), word.end(), word.begin(), lower);
  if (word == "warn")
    return log_level::warning;
  for (const auto& known : level_names)
    if (known.name == word)
      return known.level;
  return fail(errc::invalid_argument, "unknown log level '" + std::string{text} +
                                          "'; use trace, debug, info, warning, error or off");
}

logger::logger(std::shared_ptr<log_observer> observer, std::string component,
               std::shared_ptr<repeated_lines> repeats)
    : observer_{std::move(observer)},
      component_{std::move(component)},
      repeats_{std::move(repeats)} {}

logger logger::named(std::string component) const {
  return {observer_, std::move(component), repeats_};
}

void logger::log(log_level level, std::string_view text) const {
  if (observer_ && level != log_level::off)
    observer_->log(level, component_, text);
}

void logger::repeated(log_level level, std::string_view subject, std::string_view text,
                      std::uint64_t times) const {
  if (!observer_ || level == log_level::off)
    return;
  if (repeats_)
    repeats_->say(observer_, {component_, level, subject, text, times});
  else if (times > 1)
    log(level, std::string{text} + " (and " + std::to_string(times - 1) + " more)");
  else
    log(level, text);
}

std::shared_ptr<log_observer> make_spdlog_observer(log_level minimum) {
  return std::make_shared<spdlog_observer>(minimum);
}

void memory_log::log(log_level level, std::string_view component, std::string_view text) {
  const std::lock_guard guard{mutex_};
  if (entries_.size() >= capacity_)
    ++dropped_;
  else
    entries_.push_back({level, std::string{component}, std::string{text}});
}

std::vector<memory_log::entry> memory_log::entries() const {
  const std::lock_guard guard{mutex_};
  return entries_;
}

std::size_t memory_log::count(log_level level, std::string_view substring) const {
  const std::lock_guard guard{mutex_};
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const entry& e) {
        return e.level == level && e.text.find(substring) != std::string::npos;
      }));
}

std::size_t memory_log::dropped() const {
  const std::lock_guard guard{mutex_};
  return dropped_;
}

} // namespace millrace
