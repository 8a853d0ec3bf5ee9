#include "millrace/engine/inline_requests.hpp"

#include "millrace/base/error.hpp"

#include <utility>

namespace millrace {

namespace {

class inline_host final : public receiver_host {
public:
  inline_host(std::shared_ptr<inline_requests> requests, receiver_base& user)
      : requests_{std::move(requests)}, user_{user} {}

  void request_restart(std::string reason, std::optional<duration> delay) override {
    requests_->restart(std::move(reason), delay);
    user_.set_started(false);
  }
  void request_stop(std::string reason) override {
    requests_->stop(std::move(reason));
    user_.set_started(false);
  }
  void report_error(std::string message) override { requests_->report(std::move(message)); }
  void run(std::function<void(std::stop_token)>) override {
    throw stream_error{errc::unsupported,
                       "receiver::run needs the actor runtime; the inline runtime has no threads"};
  }

private:
  const std::shared_ptr<inline_requests> requests_;
  receiver_base& user_; // whose calls these are
};

} // namespace

void inline_requests::restart(std::string reason, std::optional<duration> delay) {
  std::lock_guard guard{mutex_};
  if (wanted_.restart)
    return;
  wanted_.restart = std::move(reason);
  wanted_.delay = delay;
}

void inline_requests::stop(std::string reason) {
  std::lock_guard guard{mutex_};
  if (!wanted_.stop)
    wanted_.stop = std::move(reason);
}

void inline_requests::report(std::string message) {
  std::lock_guard guard{mutex_};
  if (wanted_.reports.size() < max_reports)
    wanted_.reports.push_back(std::move(message));
  else
    ++wanted_.dropped;
}

inline_requests::taken inline_requests::take() {
  std::lock_guard guard{mutex_};
  return std::exchange(wanted_, {});
}

std::shared_ptr<receiver_host> make_inline_host(std::shared_ptr<inline_requests> requests,
                                                receiver_base& user) {
  return std::make_shared<inline_host>(std::move(requests), user);
}

} // namespace millrace
