#include "serving/client_feed.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace millrace::apps {

namespace {

constexpr std::uint64_t largest_send = 1 << 20;
/// Records due within this time of one another go out together.
constexpr std::chrono::milliseconds together{1};

} // namespace

feed_result client_feed::run() {
  const auto start = clock::now();
  while (sent_ < records_.size()) {
    const auto elapsed = clock::now() - start;
    const auto records = pace_.due(elapsed);
    const auto due = records == record_stream::endless ? records_.size() : records_.end_of(records);
    auto awake = woken::ready;
    if (sent_ == due)
      awake = wait(0, start + std::max(pace_.time_of(records + 1),
                                       std::chrono::nanoseconds{elapsed + together}));
    else if (!send_some(due))
      return {records_.totals(sent_), feed_end::client_left};
    else if (full_)
      awake = wait(POLLOUT, clock::time_point::max());
    else
      awake = wait(0, clock::time_point::min());
    if (awake == woken::stopped)
      return {records_.totals(sent_), feed_end::stopped};
  }
  return {records_.totals(sent_), feed_end::complete};
}

void client_feed::finish() {
  ::shutdown(socket_, SHUT_WR);
  const auto patience = clock::now() + std::chrono::seconds{2};
  std::array<char, 4096> ignored;
  // Closing with input unread would reset the connection, and could cost the client the last
  // records.
  while (wait(POLLIN, patience) == woken::ready)
    if (::recv(socket_, ignored.data(), ignored.size(), MSG_DONTWAIT) <= 0)
      return;
}

client_feed::woken client_feed::wait(short events, clock::time_point until) {
  std::array<pollfd, 2> watched{{{stop_fd_, POLLIN, 0}, {events == 0 ? -1 : socket_, events, 0}}};
  timespec timeout{};
  const timespec* limit = nullptr;
  if (until != clock::time_point::max()) {
    const auto left = until == clock::time_point::min()
                          ? clock::duration::zero()
                          : std::max(until - clock::now(), clock::duration::zero());
    timeout.tv_sec = std::chrono::floor<std::chrono::seconds>(left).count();
    timeout.tv_nsec = (left % std::chrono::seconds{1}).count();
    limit = &timeout;
  }
  ::ppoll(watched.data(), watched.size(), limit, nullptr);
  if (watched[0].revents != 0)
    return woken::stopped;
  return watched[1].revents != 0 ? woken::ready : woken::in_time;
}

bool client_feed::send_some(std::uint64_t end) {
  const auto bytes = records_.from(sent_).substr(0, std::min(end - sent_, largest_send));
  const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  full_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (n < 0)
    return full_ || errno == EINTR;
  sent_ += static_cast<std::uint64_t>(n);
  full_ = static_cast<std::size_t>(n) < bytes.size();
  return true;
}

} // namespace millrace::apps
