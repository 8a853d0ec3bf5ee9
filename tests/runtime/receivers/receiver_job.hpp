#pragma once

#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

inline constexpr duration step = milliseconds(100);

/// What a test sees of its receiver, and tells it to do.
struct probe {
  std::atomic<int> starts = 0;
  std::atomic<int> stops = 0;
  std::atomic<receiver<int>*> live = nullptr;
  std::function<void(receiver<int>&)> at_start = [](receiver<int>&) {};
  std::function<void(receiver<int>&)> at_stop = [](receiver<int>&) {};
  std::optional<std::string> location;
  std::atomic<int> asked_for_location = 0;
};

struct probed_receiver final : receiver<int> {
  explicit probed_receiver(probe& p) : p_{p} {}
  void on_start() override {
    ++p_.starts;
    p_.live = this;
    p_.at_start(*this);
  }
  void on_stop() override {
    p_.at_stop(*this);
    ++p_.stops;
  }
  std::optional<std::string> preferred_location() const override {
    ++p_.asked_for_location;
    return p_.location;
  }
  probe& p_;
};

/// A running job with one receiver, whose records are kept in the order of their arrival.
class receiver_job {
public:
  receiver_job(engine& on, probe& p, configuration conf = test_configuration(),
               duration batch = milliseconds(500))
      : on_{on}, context_{on.make_context(std::move(conf), batch)} {
    context_->add_listener(events);
    context_->set_log(log);
    context_->set_metrics(metrics);
    context_->receiver_stream([&p] { return std::make_shared<probed_receiver>(p); })
        .name("numbers")
        .collect_into(out_);
    context_->start();
  }

  std::vector<int> received() const {
    std::vector<int> all;
    for (auto& b : out_.batches())
      all.insert(all.end(), b.begin(), b.end());
    return all;
  }

  const collector<int>& out() const { return out_; }

  bool advance_until(const std::function<bool()>& done) { return on_.advance_until(step, done); }
  basic_stream_context& context() { return *context_; }

  /// Stops gracefully, moving the clock as long as it takes.
  void drain() {
    context_->request_stop(stop_mode::graceful);
    CHECK(advance_until([&] { return context_->await_termination_for(duration{0}); }));
  }

  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  std::shared_ptr<memory_metrics> metrics = std::make_shared<memory_metrics>();

private:
  engine& on_;
  collector<int> out_;
  std::unique_ptr<basic_stream_context> context_;
};

} // namespace millrace::test
