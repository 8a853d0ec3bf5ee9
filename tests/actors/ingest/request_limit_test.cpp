#include "millrace/actors/ingest/request_limit.hpp"
#include "support/job_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

using namespace millrace;
using namespace millrace::test;

namespace {

using kind = actors::receiver_request::kind;
constexpr std::size_t bound = actors::request_limit::max_reports;

/// Keeps whoever logs `text` until it is opened: here the supervisor of a receiver.
class held_log final : public log_observer {
public:
  explicit held_log(std::string text) : text_{std::move(text)} {}

  void log(log_level level, std::string_view component, std::string_view text) override {
    kept.log(level, component, text);
    if (!contains(text, text_))
      return;
    std::unique_lock lock{mutex_};
    ++held_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }

  void wait_until_held() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return held_ > 0; });
  }

  void open() {
    std::lock_guard guard{mutex_};
    open_ = true;
    changed_.notify_all();
  }

  memory_log kept;

private:
  const std::string text_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int held_ = 0;
  bool open_ = false;
};

struct hand_receiver final : receiver<int> {
  explicit hand_receiver(std::atomic<int>& starts) : starts_{starts} {}
  void on_start() override { ++starts_; }
  void on_stop() override {}
  std::atomic<int>& starts_;
};

struct held_job {
  held_job() {
    job.context->set_log(log);
    job.context
        ->receiver_stream([this] {
          hand = std::make_shared<hand_receiver>(starts);
          return hand;
        })
        .for_each_batch([](const batch<int>&) {});
    job.context->start();
    CHECK(wait_until([&] { return job.events->events("receiver started").size() == 1; }));
    hand->report_error("hold");
    log->wait_until_held();
  }

  std::uint64_t dropped() const {
    return job.metrics->counter("receiver_reports_dropped_total", "0");
  }

  std::atomic<int> starts = 0;
  std::shared_ptr<hand_receiver> hand;
  std::shared_ptr<held_log> log = std::make_shared<held_log>("hold");
  actor_job job;
};

} // namespace

TEST_CASE("reports are admitted up to the bound, restarts and stops one at a time") {
  actors::request_limit limit;
  for (std::size_t i = 0; i < bound; ++i)
    CHECK(limit.admit(kind::report));
  CHECK_FALSE(limit.admit(kind::report));
  CHECK(limit.note_dropped());
  CHECK_FALSE(limit.note_dropped());
  for (auto what : {kind::restart, kind::stop}) {
    CHECK(limit.admit(what));
    CHECK_FALSE(limit.admit(what));
    limit.arrived(what);
    CHECK(limit.admit(what));
  }
  limit.arrived(kind::report);
  CHECK(limit.admit(kind::report));
  CHECK_FALSE(limit.admit(kind::report));
}

TEST_CASE("a receiver that reports in a loop loses reports, counted and warned of once, and fills "
          "no mailbox") {
  held_job f;
  auto messages = f.job.runtime->messages();
  for (std::size_t i = 0; i < 3 * bound; ++i)
    f.hand->report_error("again and again");
  CHECK(f.dropped() == 2 * bound);
  CHECK(f.job.runtime->messages() - messages < 2 * bound);
  f.log->open();
  CHECK(wait_until([&] {
    return f.job.events->events("receiver error receiver_stream-0: again").size() == bound;
  }));
  f.hand->report_error("later");
  CHECK(wait_until(
      [&] { return f.job.events->events("receiver error receiver_stream-0: later").size() == 1; }));
  f.job.stop_gracefully();
  CHECK(f.log->kept.count(log_level::warning,
                          "reports errors faster than they can be told: 1000 wait") == 1);
}

TEST_CASE("a receiver that asks for restarts in a loop gets one, also when it has reported too "
          "much") {
  held_job f;
  for (std::size_t i = 0; i < 2 * bound; ++i)
    f.hand->report_error("again and again");
  auto messages = f.job.runtime->messages();
  for (std::size_t i = 0; i < 3 * bound; ++i)
    f.hand->restart("please");
  CHECK(f.job.runtime->messages() - messages < bound);
  f.log->open();
  CHECK(wait_until([&] { return f.starts == 2; }));
  CHECK(f.job.events->events("receiver error receiver_stream-0: please").size() == 1);
  f.hand->stop("enough");
  CHECK(wait_until([&] { return f.job.events->events("receiver stopped").size() == 1; }));
  f.job.stop_gracefully();
  CHECK(f.starts == 2);
}
