#include "options_command.hpp"

#include "millrace/config/configuration.hpp"
#include "millrace/config/options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace millrace::apps {

options_command::options_command(CLI::App& app)
    : command_{app.add_subcommand("options", "Lists every option of a job")} {}

bool options_command::chosen() const { return command_->parsed(); }

int options_command::run() const {
  const auto conf = configuration::load(load_request::of_process({}));
  if (!conf)
    throw stream_error{conf.error()};
  const auto explained = conf->explain();
  const auto options = all_options();
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto& o = options[i];
    fmt::print("{} = {}  ({})\n", o.key, explained[i].value, explained[i].origin);
    fmt::print("    {}\n", o.doc);
    if (!o.spark_name.empty())
      fmt::print("    also {}\n", o.spark_name);
  }
  return 0;
}

} // namespace millrace::apps
