#include "loadgen/loadgen_command.hpp"
#include "millrace/base/error.hpp"
#include "options_command.hpp"

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

/// The usage of the innermost subcommand that was named.
std::string usage(const CLI::App& app, const std::string& outer = {}) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty())
    return app.help(outer);
  return usage(*chosen.front(), outer.empty() ? app.get_name() : outer + ' ' + app.get_name());
}

int refuse(const CLI::App& app, const char* why) {
  std::cerr << "millrace: " << why << "\n\n" << usage(app);
  return exit_usage;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"The command of Millrace, an actor-model streaming framework.", "millrace"};
  app.set_version_flag("--version", "millrace " MILLRACE_VERSION);
  millrace::apps::loadgen_command loadgen{app};
  millrace::apps::options_command options{app};
  try {
    app.parse(argc, argv);
    if (loadgen.chosen())
      return loadgen.run();
    if (options.chosen())
      return options.run();
    return refuse(app, "a subcommand is missing");
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
