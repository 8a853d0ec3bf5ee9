#pragma once

#include "millrace/base/time.hpp"
#include "millrace/config/configuration.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace millrace {
class basic_stream_context;
}

/// What the examples have in common, so that each of them shows streams and little else.
namespace millrace::apps {

/// Which arguments an example takes besides those that all take.
enum class example_input {
  /// HOST PORT, --run-for, --until-end.
  socket,
  /// --batches.
  queue,
};

/// The arguments of an example, checked. Options of the job come from `--config FILE`, the
/// environment (MILLRACE_...), `--set key=value` and `--master`; later ones win.
struct example_options {
  configuration conf;
  duration batch = seconds(1);
  std::size_t shown = 10;
  std::string host;
  std::uint16_t port = 0;
  std::optional<duration> run_for;
  /// Stop once the peer has closed the connection; also sets the option receiver.reconnect to
  /// false.
  bool until_end = false;
  std::size_t batches = 30;
};

/// Reads the arguments. Ends the process with 0 after `--help`, and with 2, the reason and the
/// usage on standard error when they are wrong.
example_options parse_arguments(int argc, const char* const* argv, const std::string& name,
                                const std::string& about, example_input input);

/// Starts the job and waits for its end: a signal, `--run-for`, or with `--until-end` the end of
/// its only receiver; each ends with a graceful stop. Returns 0; throws the job's error.
int run_example(basic_stream_context& ssc, const example_options& options);

/// Says on standard error why a program ends, and returns its exit code, 1.
int report_failure(const std::exception& why);

} // namespace millrace::apps
