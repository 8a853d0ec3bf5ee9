#pragma once

#include "serving/record_stream.hpp"
#include "serving/send_pace.hpp"

#include <chrono>

namespace millrace::apps {

enum class feed_end {
  /// Everything was sent.
  complete,
  /// The client closed or broke the connection first.
  client_left,
  stopped,
};

struct feed_result {
  feed_totals sent;
  feed_end end = feed_end::complete;
};

/// Sends the records to one client at the given pace, from the moment of the call on.
class client_feed {
public:
  /// `stop_fd` becomes readable when the feed is to end early. Neither descriptor is closed here.
  client_feed(const record_stream& records, send_pace pace, int socket, int stop_fd)
      : records_{records}, pace_{pace}, socket_{socket}, stop_fd_{stop_fd} {}

  /// Returns when everything has been sent, the client is gone or the stop came.
  feed_result run();

  /// Ends the connection so that the client gets all of it and then the end: waits for the client
  /// to close, for at most two seconds and not beyond the stop.
  void finish();

private:
  using clock = std::chrono::steady_clock;

  enum class woken { ready, in_time, stopped };
  /// Waits until the socket is ready for `events`, the time has come, or the stop.
  woken wait(short events, clock::time_point until);
  /// Sends once, from `sent_` to at most `end`; false when the client is gone.
  bool send_some(std::uint64_t end);

  const record_stream& records_;
  send_pace pace_;
  int socket_;
  int stop_fd_;
  std::uint64_t sent_ = 0;
  bool full_ = false;
};

} // namespace millrace::apps
