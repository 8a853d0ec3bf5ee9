#include "yardstick/text_server.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace millrace::bench {

namespace {

[[noreturn]] void raise(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

} // namespace

text_server::text_server(std::string_view text, std::size_t repeats) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 1) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    raise("text_server");
  port_ = ntohs(address.sin_port);
  sender_ = std::thread{[this, text, repeats] { serve(text, repeats); }};
}

text_server::~text_server() {
  ::shutdown(listener_, SHUT_RDWR);
  sender_.join();
  ::close(listener_);
}

void text_server::serve(std::string_view text, std::size_t repeats) const {
  constexpr std::size_t piece = 256 * 1024;
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0)
    return;
  bool open = true;
  for (std::size_t r = 0; r < repeats && open; ++r) {
    for (auto rest = text; !rest.empty() && open;) {
      const auto sent = ::send(client, rest.data(), std::min(rest.size(), piece), MSG_NOSIGNAL);
      open = sent > 0;
      rest.remove_prefix(open ? static_cast<std::size_t>(sent) : 0);
    }
  }
  ::close(client);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    raise("connect_to");
  return fd;
}

} // namespace millrace::bench
