#pragma once

#include "millrace/io/network.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::test {

/// A network whose connections were written down before: which reads they answer with which bytes,
/// and how they end.
///
/// Thread-safe. Every connect, whatever its address, takes the next connection; when there is none
/// left it fails, like a server that has gone. A step is one read, whose bytes are handed out in
/// portions if the reader's room is smaller.
class memory_network final : public network {
public:
  struct end_of_stream {};
  /// Waits, as a peer that is silent, until the reader is stopped.
  struct silence {};
  using step = std::variant<std::string, error, end_of_stream, silence>;
  using connection = std::vector<step>;

  explicit memory_network(std::vector<std::variant<connection, error>> connections)
      : connections_{connections.begin(), connections.end()} {}

  result<std::unique_ptr<byte_stream>> connect(const std::string& host, std::uint16_t port,
                                               const std::stop_token&) override {
    std::lock_guard guard{mutex_};
    ++connects_;
    if (connections_.empty())
      return fail(errc::unavailable,
                  "Error connecting to " + host + ":" + std::to_string(port) + ": nothing is left");
    auto next = std::move(connections_.front());
    connections_.pop_front();
    if (auto* refused = std::get_if<error>(&next))
      return tl::unexpected{*refused};
    return std::make_unique<scripted_stream>(std::move(std::get<connection>(next)));
  }

  std::size_t connects() const {
    std::lock_guard guard{mutex_};
    return connects_;
  }

private:
  class scripted_stream final : public byte_stream {
  public:
    explicit scripted_stream(connection steps) : steps_{steps.begin(), steps.end()} {}

    result<std::size_t> read(std::span<char> to, const std::stop_token& stop) override {
      if (steps_.empty())
        return std::size_t{0};
      auto& now = steps_.front();
      if (auto* bytes = std::get_if<std::string>(&now)) {
        auto n = std::min(bytes->size(), to.size());
        std::copy_n(bytes->begin(), n, to.begin());
        bytes->erase(0, n);
        if (bytes->empty())
          steps_.pop_front();
        return n;
      }
      if (auto* failed = std::get_if<error>(&now))
        return tl::unexpected{*failed};
      if (std::holds_alternative<silence>(now)) {
        std::mutex mutex;
        std::unique_lock lock{mutex};
        std::condition_variable_any{}.wait(lock, stop, [] { return false; });
        return fail(errc::cancelled, "stopped");
      }
      return std::size_t{0};
    }

  private:
    std::deque<step> steps_;
  };

  mutable std::mutex mutex_;
  std::deque<std::variant<connection, error>> connections_;
  std::size_t connects_ = 0;
};

} // namespace millrace::test
