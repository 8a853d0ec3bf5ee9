#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <thread>

namespace millrace::bench {

/// Serves one client on loopback: sends `text` `repeats` times as fast as the client takes it, then
/// closes. Listens from construction on; the destructor waits for the end of the transfer, or gives
/// up when no client has come.
class text_server {
public:
  /// `text` must outlive the server. Throws std::system_error.
  text_server(std::string_view text, std::size_t repeats);
  text_server(const text_server&) = delete;
  text_server& operator=(const text_server&) = delete;
  ~text_server();

  std::uint16_t port() const { return port_; }

private:
  void serve(std::string_view text, std::size_t repeats) const;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread sender_;
};

/// Connects to `port` on loopback; throws std::system_error.
int connect_to(std::uint16_t port);

} // namespace millrace::bench
