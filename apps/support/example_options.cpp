#include "example_options.hpp"

#include "millrace/config/units.hpp"
#include "millrace/flow/stream_context.hpp"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

namespace millrace::apps {

namespace {

constexpr int exit_usage = 2;

/// A positive span of time in the project's own notation.
std::function<void(const std::string&)> read_duration(const char* option,
                                                      std::function<void(duration)> take) {
  return [option, take = std::move(take)](const std::string& text) {
    const auto parsed = parse_duration(text);
    if (!parsed)
      throw CLI::ValidationError(option, parsed.error().message);
    if (parsed->is_zero())
      throw CLI::ValidationError(option,
                                 "'" + text + "' is no time at all; at least 1ms is needed");
    take(*parsed);
  };
}

/// Ends the job when its only receiver has ended.
class stop_at_end final : public listener {
public:
  explicit stop_at_end(basic_stream_context& ssc) : ssc_{ssc} {}
  void on_receiver_stopped(const receiver_info&) override {
    ssc_.request_stop(stop_mode::graceful);
  }

private:
  basic_stream_context& ssc_;
};

class argument_parser {
public:
  argument_parser(const std::string& name, const std::string& about, example_input input)
      : app_{about, name} {
    add_common();
    if (input == example_input::socket)
      add_socket();
    else
      app_.add_option("--batches", options_.batches, "How many batches to make")
          ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
          ->capture_default_str();
    app_.footer("MILLRACE_... in the environment sets options too, for example\n"
                "MILLRACE_STREAM_BLOCK_INTERVAL=50ms; `millrace options` lists them all.");
  }

  example_options parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
      load_configuration();
    } catch (const CLI::Success& help) {
      std::exit(app_.exit(help));
    } catch (const CLI::Error& e) {
      refuse(e.what());
    } catch (const stream_error& e) {
      refuse(e.what());
    }
    return std::move(options_);
  }

private:
  void add_common() {
    app_.add_option("--master", master_, "Where the job runs: local, local[N] or local[*]")
        ->type_name("M");
    app_.add_option_function<std::string>(
            "--batch", read_duration("--batch", [this](duration d) { options_.batch = d; }),
            "The batch interval, for example 200ms")
        ->type_name("D")
        ->default_str("1s");
    app_.add_option("--print", options_.shown, "How many records of each batch to print")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}))
        ->capture_default_str();
    app_.add_option("--set,--conf", settings_, "Sets an option of the job; may be repeated")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    app_.add_option("--config", config_file_, "Reads options of the job from a TOML file")
        ->type_name("FILE");
  }

  void add_socket() {
    app_.add_option("HOST", options_.host, "Where the text comes from")->type_name("")->required();
    app_.add_option("PORT", options_.port, "Its TCP port")
        ->type_name("")
        ->required()
        ->check(CLI::Range(1, 65'535));
    app_.add_option_function<std::string>(
            "--run-for", read_duration("--run-for", [this](duration d) { options_.run_for = d; }),
            "Stop gracefully after this time")
        ->type_name("D");
    app_.add_flag("--until-end", options_.until_end,
                  "Stop gracefully once the other side has closed, instead of reconnecting");
  }

  void load_configuration() {
    std::vector<std::string> args;
    if (!config_file_.empty())
      args.push_back("--config=" + config_file_);
    for (const auto& setting : settings_)
      args.push_back("--set=" + setting);
    if (!master_.empty())
      args.push_back("--master=" + master_);
    auto loaded = configuration::load(load_request::of_process(std::move(args)));
    if (!loaded)
      throw stream_error{loaded.error()};
    options_.conf = std::move(*loaded);
    if (!options_.conf.explicitly_set("app.name"))
      options_.conf.app_name(app_.get_name());
    if (options_.until_end)
      options_.conf.set("receiver.reconnect", false);
  }

  [[noreturn]] void refuse(const std::string& why) const {
    std::cerr << app_.get_name() << ": " << why << "\n\n" << app_.help();
    std::exit(exit_usage);
  }

  CLI::App app_;
  example_options options_;
  std::string master_;
  std::string config_file_;
  std::vector<std::string> settings_;
};

} // namespace

example_options parse_arguments(int argc, const char* const* argv, const std::string& name,
                                const std::string& about, example_input input) {
  return argument_parser{name, about, input}.parse(argc, argv);
}

int run_example(basic_stream_context& ssc, const example_options& options) {
  if (options.until_end)
    ssc.add_listener(std::make_shared<stop_at_end>(ssc));
  ssc.start();
  if (options.run_for && !ssc.await_termination_for(*options.run_for))
    ssc.stop(stop_mode::graceful);
  return ssc.await_termination();
}

int report_failure(const std::exception& why) {
  std::cerr << "error: " << why.what() << '\n';
  return 1;
}

} // namespace millrace::apps
