#include "millrace/actors/system/system_clock.hpp"
#include "support/job_fixture.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// The machine's clocks, with a wall clock that the test sets.
class settable_clock final : public clock {
public:
  batch_time wall_now() const override { return machine_.wall_now() + duration{ahead_ms_.load()}; }
  std::chrono::steady_clock::time_point steady_now() const override {
    return machine_.steady_now();
  }
  void set_ahead(std::int64_t ms) { ahead_ms_ = ms; }

private:
  actors::system_clock machine_;
  std::atomic<std::int64_t> ahead_ms_ = 0;
};

/// The batches that have ended.
class completed_batches final : public listener {
public:
  void on_batch_submitted(const batch_info& b) override {
    const std::lock_guard guard{mutex_};
    delays_at_submission_ += b.scheduling_delay().has_value();
  }
  void on_batch_completed(const batch_info& b) override {
    const std::lock_guard guard{mutex_};
    all_.push_back(b);
  }
  std::vector<batch_info> all() const {
    const std::lock_guard guard{mutex_};
    return all_;
  }
  int delays_at_submission() const {
    const std::lock_guard guard{mutex_};
    return delays_at_submission_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<batch_info> all_;
  int delays_at_submission_ = 0;
};

/// A job on a wall clock that is set under way. All batches are made, so that a busy machine makes
/// no gap.
struct clocked_job {
  clocked_job()
      : job{quick_configuration().set("stream.missed_batches", "all"), period, {time, nullptr}} {
    job.context->add_listener(batches);
    test_input<int>(*job.context, {}, 1).for_each_batch([](const batch<int>&) {});
    job.context->start();
  }

  void wait_for_batches(std::size_t more) {
    const auto wanted = batches->all().size() + more;
    REQUIRE(wait_until([&] { return batches->all().size() >= wanted; }));
  }

  std::size_t lines(log_level level, const char* part) const { return job.log->count(level, part); }

  static constexpr duration period{20};
  std::shared_ptr<settable_clock> time = std::make_shared<settable_clock>();
  std::shared_ptr<completed_batches> batches = std::make_shared<completed_batches>();
  actor_job job;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

/// One interval after the other, and no more of them than there were intervals.
void check_steady(const clocked_job& job) {
  const auto all = job.batches->all();
  for (std::size_t i = 1; i < all.size(); ++i)
    CHECK(all[i].time == all[i - 1].time + job.period);
  const auto passed =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - job.began);
  CHECK(all.back().time - all.front().time <= duration{passed} + job.period);
}

/// No delay shows that the wall clock was set, by minutes at least.
void check_delays(const clocked_job& job) {
  const duration much = minutes(2);
  for (auto& b : job.batches->all()) {
    REQUIRE(b.total_delay());
    CHECK(*b.scheduling_delay() >= duration{0});
    CHECK(*b.scheduling_delay() < much);
    CHECK(*b.processing_delay() >= duration{0});
    CHECK(*b.total_delay() < much);
    CHECK(*b.scheduling_delay() == *b.processing_started - b.time);
    CHECK(*b.total_delay() == *b.processing_ended - b.time);
  }
  CHECK(job.batches->delays_at_submission() == 0);
}

} // namespace

TEST_CASE("batches go on while the wall clock is set far ahead or back, and after") {
  for (auto ahead : {hour_ms, -hour_ms, 24 * hour_ms, -24 * hour_ms}) {
    CAPTURE(ahead);
    clocked_job on;
    on.wait_for_batches(3);
    on.time->set_ahead(ahead);
    on.wait_for_batches(20);
    CHECK(on.lines(log_level::warning, "the wall clock has been set") == 1);
    CHECK(on.lines(log_level::warning, ahead < 0 ? " behind the times" : " ahead of the times") ==
          1);
    on.time->set_ahead(0);
    on.wait_for_batches(20);
    CHECK(on.lines(log_level::info, "agrees with the times of batches again") == 1);
    on.job.context->stop();
    check_steady(on);
    check_delays(on);
    CHECK(on.job.metrics->counter("batches_missed_total") == 0);
  }
}

TEST_CASE("a wall clock that is set a little again and again changes nothing and is not told of") {
  clocked_job on;
  for (int i = 0; i < 10; ++i) {
    on.time->set_ahead(i % 2 == 0 ? 300 : -300);
    on.wait_for_batches(3);
  }
  on.job.context->stop();
  check_steady(on);
  check_delays(on);
  CHECK(on.lines(log_level::warning, "the wall clock has been set") == 0);
}

TEST_CASE("a graceful stop ends while the wall clock is far off") {
  for (auto ahead : {hour_ms, -hour_ms}) {
    clocked_job on;
    on.wait_for_batches(2);
    on.time->set_ahead(ahead);
    on.wait_for_batches(2);
    on.job.stop_gracefully();
    check_steady(on);
  }
}
