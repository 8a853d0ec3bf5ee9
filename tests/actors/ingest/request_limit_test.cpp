#include "millrace/engine/receiver_requests.hpp"
#include "support/job_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace millrace;
using namespace millrace::test;

namespace {

using kind = receiver_request::kind;
constexpr std::size_t bound = request_limit::max_reports;

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
  request_limit limit;
  for (std::size_t i = 0; i < bound; ++i)
    CHECK(limit.admit(kind::report));
  CHECK_FALSE(limit.admit(kind::report));
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
                          "reports errors faster than they can be told: 1000 wait") == 2);
  CHECK(
      f.log->kept.count(log_level::warning,
                        "dropped error reports of receiver receiver_stream-0: 1999 more until the "
                        "end of the job, 2000 in ") == 1);
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

TEST_CASE("a receiver is not destroyed by a thread of its own that is in a call to its host") {
  struct reporting final : receiver<int> {
    explicit reporting(std::atomic<std::thread::id>& end) : end_{end} {}
    ~reporting() override {
      end_ = std::this_thread::get_id();
      if (thread.get_id() == std::this_thread::get_id())
        thread.detach();
      else
        thread.join();
    }
    void on_start() override {}
    void on_stop() override {}
    std::thread thread;
    std::atomic<std::thread::id>& end_;
  };
  auto supervisor_log = std::make_shared<held_log>("hold");
  auto reporter_log = std::make_shared<held_log>("reports errors faster");
  struct both_logs final : log_observer {
    void log(log_level level, std::string_view component, std::string_view text) override {
      for (auto& each : logs)
        each->log(level, component, text);
    }
    std::vector<std::shared_ptr<held_log>> logs;
  };
  auto logs = std::make_shared<both_logs>();
  logs->logs = {supervisor_log, reporter_log};
  std::atomic<std::thread::id> ended_by{};
  std::atomic<bool> job_is_gone = false;
  std::thread::id reporter;
  std::thread opener;
  {
    actor_job job;
    reporting* user = nullptr;
    job.context->set_log(logs);
    job.context
        ->receiver_stream([&] {
          auto made = std::make_shared<reporting>(ended_by);
          user = made.get();
          return made;
        })
        .for_each_batch([](const batch<int>&) {});
    job.context->start();
    CHECK(wait_until([&] { return job.events->events("receiver started").size() == 1; }));
    user->report_error("hold");
    supervisor_log->wait_until_held();
    user->thread = std::thread{[user] {
      for (std::size_t i = 0; i <= bound; ++i)
        user->report_error("again and again");
    }};
    reporter = user->thread.get_id();
    reporter_log->wait_until_held();
    opener = std::thread{[&] {
      while (ended_by.load() == std::thread::id{} && !job_is_gone)
        std::this_thread::yield();
      reporter_log->open();
    }};
    supervisor_log->open();
    job.stop_gracefully();
  }
  job_is_gone = true;
  opener.join();
  CHECK(wait_until([&] { return ended_by.load() != std::thread::id{}; }));
  CHECK(ended_by.load() != reporter);
}
