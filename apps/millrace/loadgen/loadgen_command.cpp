#include "loadgen/loadgen_command.hpp"

#include "loadgen/listen_address.hpp"
#include "loadgen/text_server.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace millrace::apps {

namespace {

constexpr std::uint64_t largest_rate = 1'000'000'000;
constexpr std::uint64_t most_records = 1'000'000'000'000'000;

std::uint64_t parse_rate(const std::string& text) {
  if (text == "max")
    return 0;
  std::uint64_t rate = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (failed != std::errc{} || end != text.data() + text.size() || rate == 0 || rate > largest_rate)
    throw CLI::ValidationError(
        "--rate", fmt::format("'{}' is neither max nor a number of records per second from 1 to {}",
                              text, largest_rate));
  return rate;
}

std::string check_listen(const std::string& text) {
  const auto parsed = parse_listen_address(text);
  return parsed ? std::string{} : parsed.error().message;
}

/// Blocks SIGINT and SIGTERM in this thread and those that it makes from now on; they arrive here
/// instead.
unique_fd end_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  return unique_fd{::signalfd(-1, &wanted, SFD_CLOEXEC)};
}

} // namespace

loadgen_command::loadgen_command(CLI::App& app) {
  auto* loadgen = app.add_subcommand("loadgen", "Makes input to try streams with");
  text_ =
      loadgen->add_subcommand("text", "Serves each client that connects the same lines of words");
  text_->add_option("--listen", listen_, "Where to listen; port 0 is any free port")
      ->type_name("HOST:PORT")
      ->check(check_listen)
      ->capture_default_str();
  text_
      ->add_option_function<std::string>(
          "--rate", [this](const std::string& text) { rate_ = parse_rate(text); },
          "Records per second for each client, or max")
      ->type_name("R")
      ->default_str("10000");
  text_
      ->add_option("--records", recipe_.records,
                   "Close the connection after so many records; 0 never")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, most_records))
      ->capture_default_str();
  text_->add_option("--vocabulary", recipe_.vocabulary, "How many different words there are")
      ->type_name("V")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  text_->add_option("--seed", recipe_.seed, "Equal seeds give equal text")
      ->type_name("S")
      ->capture_default_str();
  text_->add_option("--clients", clients_, "End after serving so many clients; 0 never")
      ->type_name("K")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  text_->add_flag("--dump", dump_,
                  "Write the text to standard output at once, instead of serving it");
  text_->add_flag("--insecure", insecure_, "Allow an address that other machines can reach");
}

bool loadgen_command::chosen() const { return text_->parsed(); }

int loadgen_command::run() const { return dump_ ? dump() : serve(); }

int loadgen_command::dump() const {
  const text_stream text{recipe_};
  for (std::uint64_t written = 0; written < text.size();) {
    const auto bytes = text.from(written);
    const auto n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR)
      throw stream_error{errc::io_error, fmt::format("cannot write: {}", std::strerror(errno))};
    written += n < 0 ? 0 : static_cast<std::uint64_t>(n);
  }
  return 0;
}

int loadgen_command::serve() const {
  auto signals = end_signals();
  if (!signals)
    throw stream_error{errc::io_error, fmt::format("signalfd: {}", std::strerror(errno))};
  auto listening = listen_on(parse_listen_address(listen_).value(), insecure_);
  if (!listening)
    throw stream_error{listening.error()};
  const text_stream text{recipe_};
  text_server{text, send_pace{rate_}, std::move(*listening), std::move(signals), clients_}.run();
  return 0;
}

} // namespace millrace::apps
