#include "loadgen/loadgen_command.hpp"

#include "millrace/base/error.hpp"
#include "serving/listen_address.hpp"

#include <CLI/CLI.hpp>

namespace millrace::apps {

namespace {

constexpr std::uint64_t most_records = 1'000'000'000'000'000;

std::string check_listen(const std::string& text) {
  const auto parsed = parse_listen_address(text);
  return parsed ? std::string{} : parsed.error().message;
}

} // namespace

loadgen_command::loadgen_command(CLI::App& app) {
  auto* loadgen = app.add_subcommand("loadgen", "Makes input to try streams with");
  text_ =
      loadgen->add_subcommand("text", "Serves each client that connects the same lines of words");
  raw_ = loadgen->add_subcommand("raw", "Serves the lines of `text` as frames of encoded records, "
                                        "for raw_socket_stream");
  add_options(*text_);
  add_options(*raw_);
}

void loadgen_command::add_options(CLI::App& command) {
  command.add_option("--listen", serving_.listen, "Where to listen; port 0 is any free port")
      ->type_name("HOST:PORT")
      ->check(check_listen)
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--rate",
          [this](const std::string& text) {
            try {
              serving_.rate = parse_rate(text);
            } catch (const stream_error& e) {
              throw CLI::ValidationError("--rate", e.what());
            }
          },
          "Records per second for each client, or max")
      ->type_name("R")
      ->default_str("10000");
  command
      .add_option("--records", recipe_.records,
                  "Close the connection after so many records; 0 never")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, most_records))
      ->capture_default_str();
  command.add_option("--vocabulary", recipe_.vocabulary, "How many different words there are")
      ->type_name("V")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  command.add_option("--seed", recipe_.seed, "Equal seeds give equal text")
      ->type_name("S")
      ->capture_default_str();
  command.add_option("--clients", serving_.clients, "End after serving so many clients; 0 never")
      ->type_name("K")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  command.add_flag("--dump", serving_.dump,
                   "Write everything to standard output at once, instead of serving it");
  command.add_flag("--insecure", serving_.insecure,
                   "Allow an address that other machines can reach");
}

bool loadgen_command::chosen() const { return text_->parsed() || raw_->parsed(); }

int loadgen_command::run() const {
  return serve(raw_->parsed() ? make_raw(recipe_) : make_text(recipe_), serving_);
}

} // namespace millrace::apps
