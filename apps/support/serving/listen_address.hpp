#pragma once

#include "millrace/base/error.hpp"
#include "unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace millrace::apps {

/// Where to listen, as a user writes it.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads "HOST:PORT", "[IPV6]:PORT" or "PORT" (on 127.0.0.1); port 0 lets the system choose.
result<listen_address> parse_listen_address(std::string_view text);

/// A listening socket. Anything but loopback is invalid_argument unless `insecure`; so is a host
/// that is not found; an address that cannot be bound is io_error.
result<unique_fd> listen_on(const listen_address& at, bool insecure);

/// "127.0.0.1:4711", "[::1]:4711".
std::string to_string(const sockaddr_storage& address);

/// The address that a listening socket got, as above.
std::string bound_address(const unique_fd& listening);

} // namespace millrace::apps
