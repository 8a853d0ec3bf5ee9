#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

namespace millrace::test {

/// The server's side of one connection. Closed in good order when its script returns, unless the
/// script did otherwise.
class tcp_peer {
public:
  tcp_peer(int fd, std::stop_token stop) : fd_{fd}, stop_{std::move(stop)} {}
  tcp_peer(const tcp_peer&) = delete;
  tcp_peer& operator=(const tcp_peer&) = delete;
  ~tcp_peer();

  /// Sends everything; false when the client has gone or the server is being destroyed.
  bool send(std::string_view bytes);

  /// Shuts down the writing side only: the client sees the end of the stream on a connection that
  /// stays open.
  void half_close();

  /// Ends the connection with RST. What was sent but not read by the client may be lost.
  void reset();

  /// Waits until the client has closed the connection, or the server is being destroyed.
  void wait_closed();

private:
  int fd_;
  std::stop_token stop_;
};

/// A server on a loopback port whose k-th connection runs the k-th script, each on a thread of its
/// own; later connections are held open in silence. The destructor ends everything.
class tcp_server {
public:
  using script = std::function<void(tcp_peer&)>;

  /// Port 0: any free one. Throws std::system_error.
  explicit tcp_server(std::vector<script> scripts, std::uint16_t port = 0);
  tcp_server(const tcp_server&) = delete;
  tcp_server& operator=(const tcp_server&) = delete;
  ~tcp_server();

  std::uint16_t port() const noexcept { return port_; }

  /// Connections accepted so far.
  std::size_t accepted() const;

private:
  void serve(const std::stop_token& stop);

  std::vector<script> scripts_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::size_t accepted_ = 0;
  std::jthread thread_;
};

/// A loopback port at which nobody listens, and which was free a moment ago.
std::uint16_t unused_port();

} // namespace millrace::test
