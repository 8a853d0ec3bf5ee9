#pragma once

#include "serving/record_stream.hpp"

#include <cstdint>
#include <string>

namespace millrace::apps {

/// How records are sent.
struct serve_options {
  /// As `parse_listen_address` reads it.
  std::string listen = "127.0.0.1:9999";
  /// Records per second for each client; 0 is as fast as possible.
  std::uint64_t rate = 10'000;
  /// End after serving so many clients; 0 never.
  std::uint64_t clients = 0;
  /// Write everything to standard output at once, instead of serving it.
  bool dump = false;
  /// Allow an address that other machines can reach.
  bool insecure = false;
};

/// Reads "max", which is 0, or a number of records per second. Throws
/// stream_error(invalid_argument).
std::uint64_t parse_rate(const std::string& text);

/// The text again if `parse_listen_address` can read it, else stream_error(invalid_argument).
const std::string& checked_listen(const std::string& text);

/// Sends the records to every client that connects, until SIGINT, SIGTERM or the last client; with
/// `dump` writes them and ends. Returns the exit code; throws stream_error.
int serve(const record_stream& records, const serve_options& options);

} // namespace millrace::apps
