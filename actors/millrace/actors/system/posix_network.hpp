#pragma once

#include "millrace/io/network.hpp"

namespace millrace::actors {

/// TCP over POSIX sockets. Thread-safe.
class posix_network final : public network {
public:
  result<std::unique_ptr<byte_stream>> connect(const std::string& host, std::uint16_t port,
                                               const std::stop_token& stop) override;
};

} // namespace millrace::actors
