#include "support/job_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

/// Where user functions hang. Shared with them, because they outlive the job that they are part of.
class trap {
public:
  void enter() {
    std::unique_lock lock{mutex_};
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --inside_;
    changed_.notify_all();
  }
  bool wait_for_somebody() {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return inside_ > 0; });
  }
  /// Lets everybody go and waits until they have gone.
  void release() {
    std::unique_lock lock{mutex_};
    open_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return inside_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};

using trap_ptr = std::shared_ptr<trap>;

configuration impatient() {
  return quick_configuration()
      .set("stop.phase_timeout", "50ms")
      .set("stop.graceful_timeout", "50ms");
}

dstream<int> numbers(actor_job& job) {
  return job.context->input_stream<int>([](batch_time) {
    return std::optional{batch<int>{std::vector{1}, 1}};
  });
}

/// Hangs in on_start, on_stop or a thread of its own, as told.
struct hanging_receiver final : receiver<int> {
  enum class place { start, stop, thread };
  hanging_receiver(trap_ptr t, place p) : trap_{std::move(t)}, place_{p} {}
  void on_start() override { hang(place::start); }
  void on_stop() override { hang(place::stop); }
  using receiver::run;

private:
  void hang(place now) {
    if (place_ == place::thread && now == place::start)
      run([t = trap_](std::stop_token) { t->enter(); });
    else if (place_ == now)
      trap_->enter();
  }
  trap_ptr trap_;
  place place_;
};

/// Builds a job with `build(job, trap)`, waits until it hangs, stops it, and destroys it; then lets
/// the function go.
template <class Build>
std::shared_ptr<memory_log> stop_while_hanging(Build build, stop_mode mode,
                                               bool hangs_before_stop = true) {
  auto hung = std::make_shared<trap>();
  std::shared_ptr<memory_log> log;
  {
    actor_job job{impatient()};
    log = job.log;
    build(job, hung);
    job.context->start();
    if (hangs_before_stop)
      CHECK(hung->wait_for_somebody());
    else
      CHECK(wait_until([&] { return !job.events->events("receiver started").empty(); }));
    job.context->stop(mode);
    // What hung is why a graceful stop may not have processed everything.
    if (auto failure = job.wait_for_end()) {
      CHECK(mode == stop_mode::graceful);
      CHECK(contains(*failure, "the graceful stop has not processed everything within 50 ms"));
    }
  }
  hung->release();
  return log;
}

} // namespace

TEST_CASE("a map function that does not return is logged and left behind; the context goes") {
  for (auto mode : {stop_mode::immediate, stop_mode::graceful}) {
    auto log = stop_while_hanging(
        [](actor_job& job, trap_ptr hung) {
          numbers(job)
              .map([hung](int x) {
                hung->enter();
                return x;
              })
              .for_each_batch([](const batch<int>&) {});
        },
        mode);
    CHECK(
        log->count(
            log_level::error,
            "a function given to an operation has not returned; its compute thread is abandoned") ==
        1);
    CHECK(
        log->count(log_level::warning, "Timed out while stopping the batches (timeout = 50 ms)") ==
        (mode == stop_mode::graceful ? 1 : 0));
  }
}

TEST_CASE("an output function that does not return") {
  auto log = stop_while_hanging(
      [](actor_job& job, trap_ptr hung) {
        numbers(job).for_each_batch([hung](const batch<int>&) { hung->enter(); });
      },
      stop_mode::immediate);
  CHECK(log->count(log_level::error,
                   "an output function has not returned; its thread is abandoned") == 1);
}

TEST_CASE("a receiver that does not return from on_start, from on_stop or from its thread") {
  using place = hanging_receiver::place;
  for (auto where : {place::start, place::stop, place::thread})
    for (auto mode : {stop_mode::immediate, stop_mode::graceful}) {
      auto log = stop_while_hanging(
          [where](actor_job& job, trap_ptr hung) {
            job.context
                ->receiver_stream([=] { return std::make_shared<hanging_receiver>(hung, where); })
                .name("sleeper")
                .for_each_batch([](const batch<int>&) {});
          },
          mode, where != place::stop);
      CHECK(log->count(log_level::warning,
                       "Timed out while stopping the receivers (timeout = 50 ms)") >= 1);
      CHECK(log->count(log_level::error,
                       "receiver sleeper has not returned from on_start, on_stop or a thread") ==
            1);
    }
}

TEST_CASE("a callback of store that does not return is named and left behind") {
  struct called_back final : receiver<int> {
    explicit called_back(trap_ptr t) : trap_{std::move(t)} {}
    void on_start() override {
      store(std::vector{1}, "first", [t = trap_](const source_position&) { t->enter(); });
    }
    void on_stop() override {}
    trap_ptr trap_;
  };
  for (auto mode : {stop_mode::immediate, stop_mode::graceful}) {
    auto log = stop_while_hanging(
        [](actor_job& job, trap_ptr hung) {
          job.context->receiver_stream([=] { return std::make_shared<called_back>(hung); })
              .name("sleeper")
              .for_each_batch([](const batch<int>&) {});
        },
        mode);
    CHECK(log->count(log_level::error,
                     "receiver sleeper has not returned from a callback of store") == 1);
  }
}

TEST_CASE("a listener that does not return") {
  struct sleepy final : listener {
    explicit sleepy(trap_ptr t) : trap_{std::move(t)} {}
    void on_batch_completed(const batch_info&) override { trap_->enter(); }
    trap_ptr trap_;
  };
  auto log = stop_while_hanging(
      [](actor_job& job, trap_ptr hung) {
        job.context->add_listener(std::make_shared<sleepy>(hung));
        numbers(job).for_each_batch([](const batch<int>&) {});
      },
      stop_mode::immediate);
  CHECK(log->count(log_level::error, "a listener has not returned; its thread is abandoned") == 1);
}

TEST_CASE("an input function that does not return, on the thread of the actors themselves") {
  auto log = stop_while_hanging(
      [](actor_job& job, trap_ptr hung) {
        job.context
            ->input_stream<int>([hung](batch_time) {
              hung->enter();
              return std::optional<batch<int>>{};
            })
            .for_each_batch([](const batch<int>&) {});
      },
      stop_mode::immediate);
  CHECK(log->count(log_level::error, "some actors of the job have not ended") == 1);
}

TEST_CASE("after an abandoned job, another one in the same process is as good as ever") {
  actor_job job;
  collector<int> out;
  numbers(job).collect_into(out);
  job.context->start();
  CHECK(out.wait_for(3, patience));
  job.stop_gracefully();
  CHECK(job.log->count(log_level::error, "") == 0);
}

TEST_CASE("a graceful stop takes as long as everything received takes, if no time-out is given") {
  actor_job job{
      quick_configuration(), milliseconds(1), {std::make_shared<manual_clock>(), nullptr}};
  std::atomic<int> outputs = 0;
  numbers(job).for_each_batch([&](const batch<int>&) {
    ++outputs;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  job.context->start();
  job.runtime->advance(milliseconds(40));
  job.stop_gracefully();
  CHECK(outputs == 40);
}

TEST_CASE("a graceful stop that takes too long is an error that says what is left") {
  actor_job job{impatient(), seconds(1), {std::make_shared<manual_clock>(), nullptr}};
  std::atomic<int> outputs = 0;
  numbers(job).for_each_batch([&](const batch<int>&) {
    ++outputs;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  });
  job.context->start();
  job.runtime->advance(seconds(15));
  CHECK(wait_until([&] { return outputs > 0; }));
  job.context->stop(stop_mode::graceful);
  auto failure = job.wait_for_end();
  REQUIRE(failure);
  CHECK(contains(*failure, "the graceful stop has not processed everything within 50 ms (option "
                           "stop.graceful_timeout); left: "));
  CHECK(contains(*failure, " batches, "));
  CHECK(outputs < 15);
  CHECK(job.log->count(
            log_level::warning,
            "Timed out while stopping the batches (timeout = 50 ms); going on without it") == 1);
}
