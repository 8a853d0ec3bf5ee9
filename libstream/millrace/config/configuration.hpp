#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"
#include "millrace/config/master_spec.hpp"
#include "millrace/config/option_value.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

class file_system;

/// Everything that options can come from, so that a test needs no real process state.
struct load_request {
  /// Without the program's name.
  std::vector<std::string> args;
  std::map<std::string, std::string> environment;
  /// The TOML document to use when no `--config FILE` is given; empty for none.
  std::string toml_text;
  /// What messages call that document.
  std::string toml_path = "configuration";
  /// Where `--config FILE` is read; null makes it an error.
  std::shared_ptr<const file_system> files;

  /// These arguments with the environment and the files of this process.
  static load_request of_process(std::vector<std::string> args);
};

/// An option as `configuration::explain` reports it.
struct explained_option {
  std::string key;
  std::string value;
  /// "default", "job.toml:3", "environment variable MILLRACE_...", "argument --...", "code".
  std::string origin;

  friend bool operator==(const explained_option&, const explained_option&) = default;
};

/// The options of a job, each with where it came from. A plain value: copy it freely; no locks, so
/// one thread at a time may change a copy. Later sources win: default, TOML file, environment,
/// arguments, `set` in code. Every option is known (the table in options.cpp), has its Spark name
/// too, and is checked when it is set, so what a getter returns is always in range.
/// Unknown keys, unreadable values and getters of the wrong type throw
/// `stream_error(invalid_argument)` (a cluster master: unsupported) and change nothing.
class configuration {
public:
  /// The same as `defaults()`.
  configuration();
  configuration(const configuration& other);
  configuration(configuration&& other) noexcept;
  configuration& operator=(const configuration& other);
  configuration& operator=(configuration&& other) noexcept;
  ~configuration();

  /// From a program's arguments, this process's environment and the file that `--config` names.
  /// Understands --master M, --set key=value, --conf key=value, --config FILE, --explain[=FORM],
  /// --key value, --key=value; `--` ends options. Throws stream_error on bad input.
  static configuration from_args(int argc, const char* const* argv);

  static configuration defaults();

  /// As `from_args`, from what the request holds.
  static result<configuration> load(const load_request& request);

  /// Sets an option from text, as a user would write it.
  configuration& set(std::string_view key, std::string_view value);
  configuration& set(std::string_view key, const char* value);
  configuration& set(std::string_view key, bool value);
  configuration& set(std::string_view key, duration value);
  configuration& set(std::string_view key, double value);

  template <class Integer>
  requires std::is_integral_v<Integer>
  configuration& set(std::string_view key, Integer value) {
    return set(key, std::string_view{std::to_string(value)});
  }

  configuration& app_name(std::string_view name) { return set("app.name", name); }

  configuration& master(std::string_view text) { return set("master", text); }

  [[nodiscard]] std::string app_name() const { return text("app.name"); }

  [[nodiscard]] master_spec master() const;

  /// Any option as text, in the form that `set` reads.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] double real(std::string_view key) const;
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] duration get_duration(std::string_view key) const;
  [[nodiscard]] std::uint64_t bytes(std::string_view key) const;

  /// Whether there is such an option.
  [[nodiscard]] static bool has(std::string_view key) noexcept;

  /// Whether the option was given anywhere, even if as its default value.
  [[nodiscard]] bool explicitly_set(std::string_view key) const;

  /// What is left of the arguments when the options are taken out.
  [[nodiscard]] const std::vector<std::string>& args() const noexcept { return args_; }

  /// Every option with its value and where it came from, in the order of the table.
  [[nodiscard]] std::vector<explained_option> explain() const;

private:
  struct entry {
    option_value value;
    /// Empty: the default.
    std::string origin;
  };

  result<void> assign(std::size_t index, std::string_view text, std::string_view origin);

  template <class Stored>
  const Stored& read(std::string_view key, option_type type) const;

  std::vector<entry> entries_;
  std::vector<std::string> args_;
};

} // namespace millrace
