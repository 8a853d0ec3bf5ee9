#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/base/time.hpp"
#include "millrace/intake/receiver.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace millrace {

/// What a receiver asks of its supervisor, or tells it.
struct receiver_request {
  enum class kind { restart, stop, report };
  kind what = kind::report;
  std::string message;
  std::optional<duration> delay;
};

/// Bounds what a receiver has under way to its supervisor, so that one that reports or asks in a
/// loop does not fill a queue. Thread-safe.
///
/// Restarts and stops are admitted one at a time of each kind: a second one asks for what the first
/// will do. Reports are admitted up to `max_reports`.
class request_limit {
public:
  static constexpr std::size_t max_reports = 1'000;

  /// Whether the request may be sent; it then is under way until `arrived`.
  bool admit(receiver_request::kind what) noexcept;

  void arrived(receiver_request::kind what) noexcept {
    --under_way_[static_cast<std::size_t>(what)];
  }

private:
  std::array<std::atomic<std::size_t>, 3> under_way_{};
};

/// A receiver, to whoever speaks of it.
struct receiver_name {
  stream_id stream;
  std::string text; ///< `<operation>-<stream>`, or the name given to the stream.
};

/// The host of a receiver: sends on what it asks, within the limit; reports beyond it are counted
/// (receiver_reports_dropped_total) and warned of. Thread-safe. Owns nothing
/// of the receiver, so that a call from one of the receiver's own threads is never what destroys
/// it: its destructor may join that thread.
class requesting_host final : public receiver_host {
public:
  struct routes {
    std::function<void(receiver_request)> send;
    std::function<void(std::function<void(std::stop_token)>)> run;
  };

  requesting_host(receiver_name who, std::shared_ptr<request_limit> limit, routes to, logger log,
                  std::shared_ptr<metric_observer> metrics);

  void request_restart(std::string reason, std::optional<duration> delay) override;
  void request_stop(std::string reason) override;
  void report_error(std::string message) override;
  void run(std::function<void(std::stop_token)> body) override;

private:
  void send(receiver_request what);

  receiver_name who_;
  std::shared_ptr<request_limit> limit_;
  routes to_;
  logger log_;
  std::shared_ptr<metric_observer> metrics_;
};

} // namespace millrace
