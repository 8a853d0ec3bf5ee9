#include "millrace/engine/receiver_requests.hpp"

#include <utility>

namespace millrace {

bool request_limit::admit(receiver_request::kind what) noexcept {
  auto& n = under_way_[static_cast<std::size_t>(what)];
  auto limit = what == receiver_request::kind::report ? max_reports : 1;
  for (auto seen = n.load(); seen < limit;)
    if (n.compare_exchange_weak(seen, seen + 1))
      return true;
  return false;
}

requesting_host::requesting_host(receiver_name who, std::shared_ptr<request_limit> limit, routes to,
                                 logger log, std::shared_ptr<metric_observer> metrics)
    : who_{std::move(who)},
      limit_{std::move(limit)},
      to_{std::move(to)},
      log_{std::move(log)},
      metrics_{std::move(metrics)} {}

void requesting_host::request_restart(std::string reason, std::optional<duration> delay) {
  send({receiver_request::kind::restart, std::move(reason), delay});
}

void requesting_host::request_stop(std::string reason) {
  send({receiver_request::kind::stop, std::move(reason), {}});
}

void requesting_host::report_error(std::string message) {
  send({receiver_request::kind::report, std::move(message), {}});
}

void requesting_host::run(std::function<void(std::stop_token)> body) { to_.run(std::move(body)); }

void requesting_host::send(receiver_request what) {
  if (limit_->admit(what.what)) {
    to_.send(std::move(what));
    return;
  }
  if (what.what != receiver_request::kind::report)
    return;
  metrics_->add("receiver_reports_dropped_total", std::to_string(who_.stream.value()), 1);
  log_.repeated(log_level::warning, "dropped error reports of receiver " + who_.text,
                "receiver " + who_.text + " reports errors faster than they can be told: " +
                    std::to_string(request_limit::max_reports) + " wait, further ones are dropped");
}

} // namespace millrace
