#include "millrace/intake/receiver.hpp"

#include "millrace/base/error.hpp"
#include "millrace/intake/thrown_by.hpp"

namespace millrace {

void receiver_base::attach(stream_id stream, std::shared_ptr<receiver_host> host,
                           std::shared_ptr<intake>) {
  stream_ = stream;
  host_ = std::move(host);
}

void receiver_base::end() {
  struct scope {
    explicit scope(std::atomic<std::thread::id>& who) : who{who} {
      who.store(std::this_thread::get_id(), std::memory_order_release);
    }
    ~scope() { who.store(std::thread::id{}, std::memory_order_release); }
    std::atomic<std::thread::id>& who;
  };
  scope storing{in_on_stop_};
  on_stop();
}

void receiver_base::restart(std::string reason) {
  set_started(false);
  host_->request_restart(std::move(reason), std::nullopt);
}

void receiver_base::restart(std::string reason, duration delay) {
  set_started(false);
  host_->request_restart(std::move(reason), delay);
}

void receiver_base::stop(std::string reason) {
  set_started(false);
  host_->request_stop(std::move(reason));
}

void receiver_base::report_error(std::string message) { host_->report_error(std::move(message)); }

void receiver_base::run(std::function<void(std::stop_token)> body) { host_->run(std::move(body)); }

std::shared_ptr<store_receipt> receiver_base::make_receipt(source_position at,
                                                           stored_callback on_stored) {
  if (at.size() > max_position_bytes)
    throw stream_error{errc::invalid_argument,
                       "store: the position has " + std::to_string(at.size()) +
                           " bytes, and at most " + std::to_string(max_position_bytes) +
                           " are kept with a block: give what the source needs to find it again"};
  auto made = std::make_shared<store_receipt>();
  made->position = std::move(at);
  if (on_stored)
    // The host and not the receiver, whose destructor may run while this is under way.
    made->on_stored = [host = host_, call = std::move(on_stored)](const source_position& stored) {
      if (auto thrown = thrown_by([&] { call(stored); }))
        host->report_error("the callback of store threw: " + *thrown);
    };
  return made;
}

std::optional<std::string> note_on_location(const receiver_base& receiver, const std::string& name,
                                            const std::string& host) {
  auto wanted = receiver.preferred_location();
  if (!wanted || wanted->empty() || *wanted == "localhost" || *wanted == host)
    return std::nullopt;
  return "receiver " + name + " would rather run on " + *wanted +
         ", and runs here: the job is in one process";
}

} // namespace millrace
