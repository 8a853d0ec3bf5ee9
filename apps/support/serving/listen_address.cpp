#include "serving/listen_address.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace millrace::apps {

namespace {

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24 == 127;
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

} // namespace

result<listen_address> parse_listen_address(std::string_view text) {
  listen_address parsed{"127.0.0.1", 0};
  auto port = text;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
      host = host.substr(1, host.size() - 2);
    if (!host.empty())
      parsed.host = host;
    port = text.substr(colon + 1);
  }
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
  if (failed != std::errc{} || end != port.data() + port.size())
    return fail(
        errc::invalid_argument,
        fmt::format("'{}' is no HOST:PORT; the port is a number from 0 (any free port) to 65535",
                    text));
  return parsed;
}

result<unique_fd> listen_on(const listen_address& at, bool insecure) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (int failed = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &wanted, &found))
    return fail(errc::invalid_argument,
                fmt::format("cannot find host '{}': {}", at.host, ::gai_strerror(failed)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses{found, ::freeaddrinfo};
  if (!insecure && !is_loopback(found->ai_addr))
    return fail(
        errc::invalid_argument,
        fmt::format("'{}' can be reached from other machines; listen on 127.0.0.1, or allow it "
                    "with --insecure",
                    at.host));

  unique_fd listening{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int yes = 1;
  ::setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (!listening || ::bind(listening.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(listening.get(), SOMAXCONN) != 0)
    return fail(errc::io_error,
                fmt::format("cannot listen on {}:{}: {}", at.host, at.port, std::strerror(errno)));
  return listening;
}

std::string to_string(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return fmt::format("[{}]:{}", text.data(), ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), ntohs(v4.sin_port));
}

std::string bound_address(const unique_fd& listening) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return to_string(address);
}

} // namespace millrace::apps
