#pragma once

#include "millrace/intake/receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What a receiver of the inline runtime has asked of its host, from any thread, until the thread
/// that moves the clock takes it. Thread-safe. Bounded: of restarts and stops the first counts,
/// reports beyond `max_reports` are only counted.
class inline_requests {
public:
  static constexpr std::size_t max_reports = 1'000;

  struct taken {
    std::optional<std::string> restart;
    std::optional<std::string> stop;
    std::optional<duration> delay;
    std::vector<std::string> reports;
    std::uint64_t dropped = 0;
  };

  void restart(std::string reason, std::optional<duration> delay);
  void stop(std::string reason);
  void report(std::string message);

  taken take();

private:
  std::mutex mutex_;
  taken wanted_;
};

/// The host of `user`, which notes what it asks for. Owns nothing of the receiver, whose destructor
/// may join a thread that is in such a call.
std::shared_ptr<receiver_host> make_inline_host(std::shared_ptr<inline_requests> requests,
                                                receiver_base& user);

} // namespace millrace
