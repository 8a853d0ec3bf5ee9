#pragma once

#include "millrace/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace millrace {

/// A connected byte stream, read by one thread.
class byte_stream {
public:
  byte_stream() = default;
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;
  virtual ~byte_stream() = default;

  /// Reads at least one byte; waits for it. 0: the peer has closed its side. A stop request ends
  /// the wait: cancelled.
  virtual result<std::size_t> read(std::span<char> to, const std::stop_token& stop) = 0;
};

/// The seam to the network.
class network {
public:
  network() = default;
  network(const network&) = delete;
  network& operator=(const network&) = delete;
  virtual ~network() = default;

  /// Connects to a host name or address, trying each of its addresses. Waits; a stop request ends
  /// the wait: cancelled. not_found: no such host; unavailable: refused or unreachable; both name
  /// host and port.
  virtual result<std::unique_ptr<byte_stream>> connect(const std::string& host, std::uint16_t port,
                                                       const std::stop_token& stop) = 0;
};

} // namespace millrace
