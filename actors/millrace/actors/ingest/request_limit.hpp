#pragma once

#include "millrace/actors/protocol/messages.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace::actors {

/// Bounds what a receiver has under way to its supervisor, so that one that reports or asks in a
/// loop does not fill a mailbox. Thread-safe.
///
/// Restarts and stops are admitted one at a time of each kind: a second one asks for what the first
/// will do. Reports are admitted up to `max_reports`.
class request_limit {
public:
  static constexpr std::size_t max_reports = 1'000;

  /// Whether the request may be sent; it then is under way until `arrived`.
  bool admit(receiver_request::kind what) noexcept {
    auto& n = under_way_[static_cast<std::size_t>(what)];
    auto most = what == receiver_request::kind::report ? max_reports : 1;
    for (auto seen = n.load(); seen < most;)
      if (n.compare_exchange_weak(seen, seen + 1))
        return true;
    return false;
  }

  void arrived(receiver_request::kind what) noexcept {
    --under_way_[static_cast<std::size_t>(what)];
  }

  /// True for the first report that is dropped.
  bool note_dropped() noexcept { return !dropped_.exchange(true); }

private:
  std::array<std::atomic<std::size_t>, 3> under_way_{};
  std::atomic<bool> dropped_{false};
};

} // namespace millrace::actors
