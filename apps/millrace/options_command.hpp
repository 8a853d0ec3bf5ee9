#pragma once

namespace CLI {
class App;
}

namespace millrace::apps {

/// `millrace options`: every option of a job with its default, its value from the environment and
/// what it does.
class options_command {
public:
  /// Adds itself to the command line.
  explicit options_command(CLI::App& app);

  bool chosen() const;
  /// Returns the exit code; throws stream_error when the environment sets an option wrongly.
  int run() const;

private:
  CLI::App* command_;
};

} // namespace millrace::apps
