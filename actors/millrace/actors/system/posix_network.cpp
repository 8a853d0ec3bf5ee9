#include "millrace/actors/system/posix_network.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace millrace::actors {

namespace {

std::string error_text(int number) { return std::generic_category().message(number); }

class descriptor {
public:
  explicit descriptor(int fd = -1) noexcept : fd_{fd} {}
  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

/// Makes a stop request visible to poll.
class stop_event {
public:
  explicit stop_event(const std::stop_token& stop)
      : fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, callback_{stop, signal{fd_.get()}} {}

  /// Waits until `fd` has one of `events`. False: stopped.
  bool wait(int fd, short events) const {
    pollfd fds[] = {{fd, events, 0}, {fd_.get(), POLLIN, 0}};
    for (;;) {
      int n = ::poll(fds, 2, -1);
      if (fds[1].revents != 0)
        return false;
      if (n > 0)
        return true;
      if (n < 0 && errno != EINTR)
        return true;
    }
  }

private:
  struct signal {
    int fd;
    void operator()() const {
      std::uint64_t one = 1;
      static_cast<void>(::write(fd, &one, sizeof one));
    }
  };

  descriptor fd_;
  std::stop_callback<signal> callback_;
};

class tcp_stream final : public byte_stream {
public:
  tcp_stream(descriptor fd, std::string peer) : fd_{std::move(fd)}, peer_{std::move(peer)} {}

  result<std::size_t> read(std::span<char> to, const std::stop_token& stop) override {
    for (;;) {
      if (stop.stop_requested())
        return fail(errc::cancelled, "reading from " + peer_ + " was stopped");
      auto n = ::recv(fd_.get(), to.data(), to.size(), MSG_DONTWAIT);
      if (n >= 0)
        return static_cast<std::size_t>(n);
      if (errno == EINTR)
        continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        return fail(errc::io_error, "reading from " + peer_ + ": " + error_text(errno));
      stop_event(stop).wait(fd_.get(), POLLIN);
    }
  }

private:
  descriptor fd_;
  std::string peer_;
};

/// Waits for a non-blocking connect; the errno of its outcome, or ECANCELED.
int connect_one(const addrinfo& address, descriptor& fd, const std::stop_token& stop) {
  fd = descriptor{::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                           address.ai_protocol)};
  if (fd.get() < 0)
    return errno;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;
  if (!stop_event(stop).wait(fd.get(), POLLOUT))
    return ECANCELED;
  int outcome = 0;
  socklen_t size = sizeof outcome;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0)
    return errno;
  return outcome;
}

} // namespace

result<std::unique_ptr<byte_stream>>
posix_network::connect(const std::string& host, std::uint16_t port, const std::stop_token& stop) {
  auto peer = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (int e = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); e != 0)
    return fail(errc::not_found,
                "host \"" + host + "\" (for " + peer + ") was not found: " + ::gai_strerror(e));
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses{found, &::freeaddrinfo};
  int outcome = EHOSTUNREACH;
  for (auto* a = found; a != nullptr; a = a->ai_next) {
    descriptor fd;
    outcome = connect_one(*a, fd, stop);
    if (outcome == 0)
      return std::make_unique<tcp_stream>(std::move(fd), peer);
    if (outcome == ECANCELED && stop.stop_requested())
      return fail(errc::cancelled, "connecting to " + peer + " was stopped");
  }
  return fail(errc::unavailable, "Error connecting to " + peer + ": " + error_text(outcome));
}

} // namespace millrace::actors
