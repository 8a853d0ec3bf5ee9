#include "serving/serve.hpp"

#include "millrace/base/error.hpp"
#include "serving/listen_address.hpp"
#include "serving/record_server.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace millrace::apps {

namespace {

constexpr std::uint64_t largest_rate = 1'000'000'000;

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

int dump(const record_stream& records) {
  for (std::uint64_t written = 0; written < records.size();) {
    const auto bytes = records.from(written);
    const auto n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR)
      throw stream_error{errc::io_error, fmt::format("cannot write: {}", std::strerror(errno))};
    written += n < 0 ? 0 : static_cast<std::uint64_t>(n);
  }
  return 0;
}

} // namespace

std::uint64_t parse_rate(const std::string& text) {
  if (text == "max")
    return 0;
  std::uint64_t rate = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (failed != std::errc{} || end != text.data() + text.size() || rate == 0 || rate > largest_rate)
    throw stream_error{
        errc::invalid_argument,
        fmt::format("'{}' is neither max nor a number of records per second from 1 to {}", text,
                    largest_rate)};
  return rate;
}

const std::string& checked_listen(const std::string& text) {
  if (const auto parsed = parse_listen_address(text); !parsed)
    throw stream_error{parsed.error()};
  return text;
}

int serve(const record_stream& records, const serve_options& options) {
  if (options.dump)
    return dump(records);
  auto signals = end_signals();
  if (!signals)
    throw stream_error{errc::io_error, fmt::format("signalfd: {}", std::strerror(errno))};
  const auto at = parse_listen_address(options.listen);
  if (!at)
    throw stream_error{at.error()};
  auto listening = listen_on(*at, options.insecure);
  if (!listening)
    throw stream_error{listening.error()};
  record_server{records, send_pace{options.rate}, std::move(*listening), std::move(signals),
                options.clients}
      .run();
  return 0;
}

} // namespace millrace::apps
