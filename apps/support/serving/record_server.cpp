#include "serving/record_server.hpp"

#include "millrace/base/error.hpp"
#include "serving/listen_address.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace millrace::apps {

namespace {

std::string describe(const std::string& peer, const feed_result& result) {
  auto text = fmt::format("client {}: sent {} lines, {} words, {} bytes", peer, result.sent.lines,
                          result.sent.words, result.sent.bytes);
  if (result.end == feed_end::client_left)
    text += "; the client left";
  if (result.end == feed_end::stopped)
    text += "; stopped";
  return text;
}

} // namespace

record_server::record_server(const record_stream& records, send_pace pace, unique_fd listening,
                             unique_fd signals, std::uint64_t clients)
    : records_{records},
      pace_{pace},
      listening_{std::move(listening)},
      signals_{std::move(signals)},
      to_accept_{clients == 0 ? std::numeric_limits<std::uint64_t>::max() : clients},
      stop_{::eventfd(0, EFD_CLOEXEC)},
      finished_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (!stop_ || !finished_)
    throw stream_error{errc::io_error, fmt::format("eventfd: {}", std::strerror(errno))};
}

record_server::~record_server() {
  ::eventfd_write(stop_.get(), 1);
  sessions_.clear();
}

void record_server::run() {
  print_line("listening on " + bound_address(listening_));
  while (to_accept_ > 0 || !sessions_.empty()) {
    const bool accepting = to_accept_ > 0 && sessions_.size() < most_at_once;
    std::array<pollfd, 3> watched{{{signals_.get(), POLLIN, 0},
                                   {finished_.get(), POLLIN, 0},
                                   {accepting ? listening_.get() : -1, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR)
      throw stream_error{errc::io_error, fmt::format("poll: {}", std::strerror(errno))};
    if (watched[0].revents != 0)
      return;
    if (watched[1].revents != 0)
      remove_finished();
    if (watched[2].revents != 0)
      accept_one();
  }
}

void record_server::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  unique_fd socket{
      ::accept4(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC)};
  if (!socket) {
    // The client may have given up while it waited.
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
      return;
    throw stream_error{errc::io_error,
                       fmt::format("cannot accept a client: {}", std::strerror(errno))};
  }
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  --to_accept_;
  auto& added = sessions_.emplace_back();
  added.socket = std::move(socket);
  added.peer = to_string(address);
  added.thread = std::jthread{[this, &added] { serve(added); }};
}

void record_server::serve(session& with) {
  client_feed feed{records_, pace_, with.socket.get(), stop_.get()};
  const auto result = feed.run();
  print_line(describe(with.peer, result));
  if (result.end == feed_end::complete)
    feed.finish();
  with.done = true;
  ::eventfd_write(finished_.get(), 1);
}

void record_server::remove_finished() {
  eventfd_t count = 0;
  ::eventfd_read(finished_.get(), &count);
  sessions_.remove_if([](const session& s) { return s.done.load(); });
}

void record_server::print_line(const std::string& text) {
  const std::lock_guard guard{printing_};
  std::puts(text.c_str());
  std::fflush(stdout);
}

} // namespace millrace::apps
