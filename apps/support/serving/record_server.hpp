#pragma once

#include "serving/client_feed.hpp"
#include "serving/record_stream.hpp"
#include "serving/send_pace.hpp"
#include "unique_fd.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace millrace::apps {

/// Sends the same records to every client that connects, each on a thread of its own, and prints a
/// line for each when it is done. With `most_at_once` clients connected, further ones wait to be
/// accepted. Used by one thread.
class record_server {
public:
  static constexpr std::size_t most_at_once = 64;

  /// Serves `clients` clients and ends, or without end when it is 0. `signals` becomes readable
  /// when the server is to end early.
  record_server(const record_stream& records, send_pace pace, unique_fd listening,
                unique_fd signals, std::uint64_t clients);
  record_server(const record_server&) = delete;
  record_server& operator=(const record_server&) = delete;
  /// Stops the clients that are still being served.
  ~record_server();

  /// Prints "listening on HOST:PORT", serves, and returns at the end. Throws stream_error when no
  /// client can be accepted.
  void run();

private:
  struct session {
    unique_fd socket;
    std::string peer;
    std::atomic<bool> done{false};
    std::jthread thread;
  };

  void accept_one();
  void serve(session& with);
  void remove_finished();
  void print_line(const std::string& text);

  const record_stream& records_;
  send_pace pace_;
  unique_fd listening_;
  unique_fd signals_;
  std::uint64_t to_accept_;
  /// Readable from the stop on, for ever.
  unique_fd stop_;
  /// Readable when a session is done.
  unique_fd finished_;
  std::mutex printing_;
  std::list<session> sessions_;
};

} // namespace millrace::apps
