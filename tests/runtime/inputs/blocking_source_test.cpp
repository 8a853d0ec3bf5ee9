#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

using namespace millrace;
using namespace millrace::test;

// Sources that may block are asked on a thread of their own.

namespace {

using longs = std::vector<std::int64_t>;

/// Gives each batch its time, and waits while it is held: when it is asked which records there are,
/// or for them.
class slow_source final : public pull_source {
public:
  bool blocks() const override { return true; }

  void start(batch_time now, const logger&) override { started = now; }

  recoverability recovers() const override { return recoverability::none; }

  std::optional<std::vector<input_split>> plan(batch_time time, const input_limits&) override {
    if (holds_reading) {
      planned_ = time;
      return std::vector<input_split>(1);
    }
    work(time);
    return std::vector{split_of(to_blocks(batch<std::int64_t>{time.ms()}))};
  }

  result<std::vector<block_ptr>> read(const input_split&) const override {
    work(planned_);
    return to_blocks(batch<std::int64_t>{planned_.ms()});
  }

  void hold(bool on) {
    std::lock_guard guard{mutex_};
    held_ = on;
    changed_.notify_all();
  }

  bool holds_reading = false;
  mutable std::atomic<int> asked{0};
  mutable std::set<std::thread::id> threads;
  std::optional<batch_time> started;
  std::optional<batch_time> fails_at;
  std::function<void(batch_time)> at_pull;

private:
  void work(batch_time time) const {
    std::unique_lock lock{mutex_};
    ++asked;
    threads.insert(std::this_thread::get_id());
    changed_.wait(lock, [&] { return !held_; });
    if (time == fails_at)
      throw std::runtime_error("disk gone");
    if (at_pull)
      at_pull(time);
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool held_ = false;
  batch_time planned_;
};

struct slow_job {
  explicit slow_job(engine& on, configuration conf = test_configuration())
      : context{on.make_context(std::move(conf), seconds(1))} {
    context->add_listener(events);
    context->block_stream<std::int64_t>(source).collect_into(out);
  }

  longs times() const {
    longs all;
    for (auto& records : out.batches())
      all.insert(all.end(), records.begin(), records.end());
    return all;
  }

  std::shared_ptr<slow_source> source = std::make_shared<slow_source>();
  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  collector<std::int64_t> out;
  std::unique_ptr<basic_stream_context> context;
};

} // namespace

TEST_CASE("a source that may block is asked in order, batch by batch, beside one that does not") {
  on_all_engines([](engine& on) {
    slow_job job{on};
    collector<int> other;
    test_input<int>(*job.context, test_batches<int>(20, std::vector{1})).collect_into(other);
    job.context->start();
    CHECK(job.source->started == batch_time{0});
    on.advance(seconds(20));
    CHECK(wait_until([&] { return job.out.size() == 20 && other.size() == 20; }));
    job.context->stop();
    longs expected;
    for (int i = 1; i <= 20; ++i)
      expected.push_back(i * 1000);
    CHECK(job.times() == expected);
    CHECK(job.source->threads.size() == 1);
    CHECK(other.batches() == std::vector<std::vector<int>>(20, {1}));
  });
}

TEST_CASE("a graceful stop waits for a source that blocks and for the batches that are due") {
  for (bool reading : {false, true}) {
    auto on = make_actor_engine();
    slow_job job{*on};
    job.source->holds_reading = reading;
    job.context->start();
    job.source->hold(true);
    on->advance(seconds(3));
    CHECK(wait_until([&] { return job.source->asked == 1; }));
    std::thread later{[&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      job.source->hold(false);
    }};
    job.context->stop(stop_mode::graceful);
    later.join();
    CHECK(job.context->await_termination_for(patience));
    CHECK(job.times() == longs{1000, 2000, 3000});
    CHECK(job.events->completed().size() == 3);
  }
}

TEST_CASE("a graceful stop while nothing is asked") {
  on_all_engines([](engine& on) {
    slow_job job{on};
    job.context->start();
    on.advance(seconds(2));
    job.context->stop(stop_mode::graceful);
    CHECK(job.context->await_termination_for(patience));
    CHECK(job.times() == longs{1000, 2000});
  });
}

TEST_CASE("an immediate stop leaves a source behind that does not return in time") {
  auto on = make_actor_engine();
  slow_job job{*on, test_configuration().set("stop.phase_timeout", "20ms")};
  auto log = std::make_shared<memory_log>();
  job.context->set_log(log);
  job.context->start();
  job.source->hold(true);
  on->advance(seconds(1));
  CHECK(wait_until([&] { return job.source->asked == 1; }));
  job.context->stop();
  CHECK(log->count(log_level::error, "a source has not returned") == 1);
  CHECK(job.out.size() == 0);
  job.source->hold(false);
}

TEST_CASE("a source that throws fails its batch, and the next one is made when that is skipped") {
  for (bool skip : {true, false})
    on_all_engines([&](engine& on) {
      slow_job job{on, test_configuration().set("stream.on_batch_failure", skip ? "skip" : "stop")};
      job.source->fails_at = batch_time{2000};
      job.context->start();
      std::string problem;
      try {
        on.advance(seconds(3));
        bool done = wait_until([&] {
          return job.context->await_termination_for(duration{0}) ||
                 job.events->completed().size() == 3;
        });
        CHECK(done);
      } catch (const stream_error& e) {
        problem = e.what();
      }
      job.context->stop();
      CAPTURE(problem);
      CHECK(job.times() == (skip ? longs{1000, 3000} : longs{1000}));
      CHECK(problem.empty() == skip);
      if (!skip)
        CHECK(problem.find("block_stream at blocking_source_test.cpp:") != std::string::npos);
    });
}

TEST_CASE("a source may stop the job while it is asked") {
  on_all_engines([](engine& on) {
    slow_job job{on};
    job.source->at_pull = [&](batch_time t) {
      if (t == batch_time{2000})
        job.context->stop(stop_mode::graceful);
    };
    job.context->start();
    on.advance(seconds(2));
    CHECK(wait_until([&] { return job.context->await_termination_for(duration{0}); }));
    CHECK(job.times() == longs{1000, 2000});
  });
}
