#include "loadgen/loadgen_command.hpp"
#include "millrace/base/error.hpp"
#include "options_command.hpp"

#include <iostream>

#include <CLI/CLI.hpp>

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

/// The innermost subcommand that was named, whose usage helps most.
const CLI::App& named_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : named_command(*chosen.front());
}

int refuse(const CLI::App& app, const char* why) {
  std::cerr << "millrace: " << why << "\n\n" << named_command(app).help();
  return exit_usage;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"The command of Millrace, an actor-model streaming framework.", "millrace"};
  app.set_version_flag("--version", "millrace " MILLRACE_VERSION);
  app.require_subcommand(1);
  millrace::apps::loadgen_command loadgen{app};
  millrace::apps::options_command options{app};
  try {
    app.parse(argc, argv);
    return loadgen.chosen() ? loadgen.run() : options.run();
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted);
  } catch (const CLI::Error& e) {
    return refuse(app, e.what());
  } catch (const millrace::stream_error& e) {
    if (e.code() == millrace::errc::invalid_argument)
      return refuse(app, e.what());
    std::cerr << "millrace: " << e.what() << '\n';
  } catch (const std::exception& e) {
    std::cerr << "millrace: " << e.what() << '\n';
  }
  return exit_failure;
}
