#pragma once

#include "arguments.hpp"
#include "millrace/base/time.hpp"
#include "millrace/config/configuration.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace millrace {
class basic_stream_context;
}

/// What the examples have in common, so that each of them shows streams and little else.
namespace millrace::apps {

/// The arguments that examples share, checked. Options of the job come from `--config FILE`, the
/// environment (MILLRACE_...), `--set key=value`, `--master` and `--explain`; later ones win.
struct example_options {
  configuration conf;
  duration batch = seconds(1);
  std::size_t shown = 10;
  /// Whether `--print` was given.
  bool shown_given = false;
  std::string host;
  std::uint16_t port = 0;
  std::string directory;
  std::optional<duration> run_for;
  /// Stop once the peer has closed the connection; also sets the option receiver.reconnect to
  /// false.
  bool until_end = false;
};

/// The command line of an example: what all of them take, and what it adds.
class example_arguments final : public arguments {
public:
  example_arguments(std::string program, std::string about);

  /// Adds HOST, PORT, --run-for and --until-end. With --explain, which connects to nothing, neither
  /// HOST nor PORT need be given; nor DIR of the next.
  void add_socket();
  /// Adds DIR and --run-for.
  void add_directory();
  /// Adds --run-for alone.
  void add_run_for();

  /// As `arguments::read`.
  example_options parse(int argc, const char* const* argv);

private:
  void finish() override;

  example_options options_;
  duration run_for_{0};
  std::string master_;
  std::string config_file_;
  std::string explain_;
  std::vector<std::string> settings_;
  /// What a plan does not depend on.
  std::vector<std::string> places_;
};

/// The arguments of an example that reads a socket and adds nothing.
example_options parse_socket_arguments(int argc, const char* const* argv,
                                       const std::string& program, const std::string& about);

/// Starts the job and waits for its end: a signal, `--run-for`, or with `--until-end` the end of
/// all of its `receivers`; each ends with a graceful stop. Returns 0; throws the job's error.
int run_example(basic_stream_context& ssc, const example_options& options,
                std::size_t receivers = 1);

/// Says on standard error why a program ends, and returns its exit code: 2 for a job that was
/// refused because of its arguments, else 1.
int report_failure(const std::exception& why);

} // namespace millrace::apps
