#include "support/tcp_server.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace millrace::test {

namespace {

/// How often a wait looks whether the server is being destroyed.
constexpr int look_ms = 20;

[[noreturn]] void fail_with(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

/// Waits for `events`; false: stopped.
bool wait(int fd, short events, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd p{fd, events, 0};
    if (::poll(&p, 1, look_ms) > 0)
      return true;
  }
  return false;
}

int listen_at(std::uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    fail_with("socket");
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 16) != 0) {
    int e = errno;
    ::close(fd);
    errno = e;
    fail_with("bind");
  }
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail_with("getsockname");
  return ntohs(address.sin_port);
}

} // namespace

tcp_peer::~tcp_peer() {
  if (fd_ >= 0)
    ::close(fd_);
}

bool tcp_peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (fd_ < 0 || !wait(fd_, POLLOUT, stop_))
      return false;
    auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (n < 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void tcp_peer::half_close() { ::shutdown(fd_, SHUT_WR); }

void tcp_peer::reset() {
  linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd_, -1));
}

void tcp_peer::wait_closed() {
  char byte = 0;
  while (wait(fd_, POLLIN, stop_))
    if (::recv(fd_, &byte, 1, 0) <= 0)
      return;
}

tcp_server::tcp_server(std::vector<script> scripts, std::uint16_t port)
    : scripts_{std::move(scripts)},
      listener_{listen_at(port)},
      port_{port_of(listener_)},
      thread_{[this](const std::stop_token& stop) { serve(stop); }} {}

tcp_server::~tcp_server() {
  thread_.request_stop();
  thread_.join();
  ::close(listener_);
}

std::size_t tcp_server::accepted() const {
  std::lock_guard guard{mutex_};
  return accepted_;
}

void tcp_server::serve(const std::stop_token& stop) {
  std::vector<std::jthread> peers;
  while (wait(listener_, POLLIN, stop)) {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
      continue;
    std::size_t index = 0;
    {
      std::lock_guard guard{mutex_};
      index = accepted_++;
    }
    peers.emplace_back([this, fd, index, stop] {
      tcp_peer peer{fd, stop};
      if (index < scripts_.size())
        scripts_[index](peer);
      else
        peer.wait_closed();
    });
  }
}

std::uint16_t unused_port() {
  int fd = listen_at(0);
  auto port = port_of(fd);
  ::close(fd);
  return port;
}

} // namespace millrace::test
