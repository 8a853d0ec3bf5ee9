#include "example_options.hpp"

#include "millrace/flow/stream_context.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

namespace millrace::apps {

namespace {

/// Ends the job when all of its receivers have ended.
class stop_at_end final : public listener {
public:
  stop_at_end(basic_stream_context& ssc, std::size_t receivers) : ssc_{ssc}, running_{receivers} {}

  void on_receiver_stopped(const receiver_info&) override {
    if (running_ > 0 && --running_ == 0)
      ssc_.request_stop(stop_mode::graceful);
  }

private:
  basic_stream_context& ssc_;
  std::size_t running_;
};

} // namespace

example_arguments::example_arguments(std::string program, std::string about)
    : arguments{std::move(program), std::move(about)} {
  app()
      .add_option("--master", master_, "Where the job runs: local, local[N] or local[*]")
      ->type_name("M");
  add("--batch", options_.batch, "The batch interval, for example 200ms");
  add("--print", options_.shown, "How many records of each batch to print", {0, 1'000'000'000});
  app()
      .add_option("--set,--conf", settings_, "Sets an option of the job; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  app()
      .add_option("--config", config_file_, "Reads options of the job from a TOML file")
      ->type_name("FILE");
  app().add_flag("--explain", explain_,
                 "Prints the plan of the job and does not run it; --explain=FORM in the form text, "
                 "json or dot");
  app().footer("MILLRACE_... in the environment sets options too, for example\n"
               "MILLRACE_STREAM_BLOCK_INTERVAL=50ms; `millrace options` lists them all.");
}

void example_arguments::add_socket() {
  add("HOST", options_.host, "Where the records come from");
  app()
      .add_option("PORT", options_.port, "Its TCP port")
      ->type_name("")
      ->required()
      ->check(CLI::Range(1, 65'535));
  places_ = {"HOST", "PORT"};
  add_run_for();
  add_flag("--until-end", options_.until_end,
           "Stop gracefully once the other side has closed, instead of reconnecting");
}

void example_arguments::add_directory() {
  add("DIR", options_.directory, "The directory in which files appear");
  options_.directory = ".";
  places_ = {"DIR"};
  add_run_for();
}

void example_arguments::add_run_for() {
  add("--run-for", run_for_, "Stop gracefully after this time");
}

void example_arguments::finish() {
  basic_stream_context::check_batch_interval(options_.batch);
  if (!run_for_.is_zero())
    options_.run_for = run_for_;
  options_.shown_given = app().count("--print") > 0;
  std::vector<std::string> args;
  if (!config_file_.empty())
    args.push_back("--config=" + config_file_);
  for (const auto& setting : settings_)
    args.push_back("--set=" + setting);
  if (!master_.empty())
    args.push_back("--master=" + master_);
  if (!explain_.empty())
    args.push_back(explain_ == "true" ? "--explain" : "--explain=" + explain_);
  auto loaded = configuration::load(load_request::of_process(std::move(args)));
  if (!loaded)
    throw stream_error{loaded.error()};
  options_.conf = std::move(*loaded);
  if (!options_.conf.explicitly_set("app.name"))
    options_.conf.app_name(app().get_name());
  if (options_.until_end)
    options_.conf.set("receiver.reconnect", false);
}

example_options example_arguments::parse(int argc, const char* const* argv) {
  const std::span<const char* const> given{argv, static_cast<std::size_t>(argc)};
  auto explains = [](std::string_view a) {
    return a == "--explain" || a.starts_with("--explain=");
  };
  if (std::ranges::any_of(given, explains))
    for (const auto& place : places_)
      app().get_option(place)->required(false);
  read(argc, argv);
  return std::move(options_);
}

example_options parse_socket_arguments(int argc, const char* const* argv,
                                       const std::string& program, const std::string& about) {
  example_arguments arguments{program, about};
  arguments.add_socket();
  return arguments.parse(argc, argv);
}

int run_example(basic_stream_context& ssc, const example_options& options, std::size_t receivers) {
  if (options.until_end)
    ssc.add_listener(std::make_shared<stop_at_end>(ssc, receivers));
  ssc.start();
  if (options.run_for && !ssc.await_termination_for(*options.run_for))
    ssc.stop(stop_mode::graceful);
  return ssc.await_termination();
}

int report_failure(const std::exception& why) {
  std::cerr << "error: " << why.what() << '\n';
  const auto* known = dynamic_cast<const stream_error*>(&why);
  return known != nullptr && known->code() == errc::invalid_argument ? 2 : 1;
}

} // namespace millrace::apps
