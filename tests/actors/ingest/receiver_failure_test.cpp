#include "support/job_fixture.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

/// A receiver made of functions; each gets the receiver and which life it is, from 1.
struct scripted_receiver final : receiver<int> {
  using act = std::function<void(scripted_receiver&, int)>;

  scripted_receiver(act at_start, act at_stop)
      : at_start_{std::move(at_start)}, at_stop_{std::move(at_stop)} {}

  void on_start() override { at_start_(*this, ++life_); }
  void on_stop() override { at_stop_(*this, life_); }

  using receiver::run;

private:
  act at_start_;
  act at_stop_;
  int life_ = 0;
};

dstream<int> stream_of(
    actor_job& job, scripted_receiver::act at_start,
    scripted_receiver::act at_stop = [](auto&, int) {}) {
  return job.context->receiver_stream(
      [=] { return std::make_shared<scripted_receiver>(at_start, at_stop); });
}

} // namespace

TEST_CASE("on_start throws: restarted after a delay, logged once each, on_stop still called") {
  actor_job job;
  std::atomic<int> stops = 0;
  collector<int> out;
  stream_of(
      job,
      [](auto& r, int life) {
        if (life <= 2)
          throw std::runtime_error("no start today");
        r.store(life);
      },
      [&](auto&, int) { ++stops; })
      .name("stubborn")
      .collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out) == std::vector{3}; }));
  job.stop_gracefully();
  CHECK(stops == 3);
  CHECK(job.log->count(log_level::warning,
                       "receiver stubborn: on_start threw: no start today; restart in ") == 2);
  CHECK(job.metrics->counter("receiver_restarts_total", "0") == 2);
  CHECK(job.events->events("receiver") ==
        std::vector<std::string>{"receiver error stubborn: on_start threw: no start today",
                                 "receiver error stubborn: on_start threw: no start today",
                                 "receiver started stubborn", "receiver stopped stubborn"});
}

TEST_CASE("a thread given to run throws: restarted, and the other threads of that life have ended "
          "before") {
  actor_job job;
  std::atomic<int> alive = 0;
  std::atomic<int> most = 0;
  collector<int> out;
  stream_of(job, [&](auto& r, int life) {
    r.run([&](std::stop_token stop) {
      most = std::max(most.load(), ++alive);
      while (!stop.stop_requested())
        std::this_thread::yield();
      --alive;
    });
    r.run([&r, life](std::stop_token) {
      r.store(life);
      if (life < 3)
        throw std::runtime_error("thread down");
    });
  }).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() == 3; }));
  job.stop_gracefully();
  CHECK(records_of(out) == std::vector{1, 2, 3});
  CHECK(most == 1);
  CHECK(alive == 0);
  CHECK(job.log->count(log_level::warning, "a thread of the receiver threw: thread down") == 2);
}

TEST_CASE("dies at once for ever: over the intensity limit the job stops and await_termination "
          "says why") {
  for (bool in_thread : {false, true}) {
    actor_job job{quick_configuration().set("receiver.restart_intensity", 4)};
    std::atomic<int> lives = 0;
    collector<int> out;
    stream_of(job, [&](auto& r, int life) {
      lives = life;
      r.store(life);
      auto die = [](std::stop_token) { throw std::runtime_error("dead on arrival"); };
      in_thread ? r.run(die) : die({});
    }).collect_into(out);
    job.context->start();
    auto message = job.wait_for_end();
    REQUIRE(message);
    CAPTURE(*message);
    CHECK(contains(*message, "receiver receiver_stream-0 failed more than 4 times in 60000 ms"));
    CHECK(contains(*message, "dead on arrival"));
    CHECK(lives == 5);
    CHECK(records_of(out) == std::vector{1, 2, 3, 4, 5});
    CHECK(job.context->state() == context_state::stopped);
  }
}

TEST_CASE("one receiver that fails does not touch another") {
  actor_job job;
  collector<int> good;
  collector<int> bad;
  std::atomic<int> starts = 0;
  stream_of(job, [&](auto& r, int) {
    ++starts;
    r.run([&r](std::stop_token) {
      for (int i = 0; i < 1000; ++i)
        r.store(i);
    });
  }).collect_into(good);
  stream_of(job, [](auto&, int life) {
    if (life < 6)
      throw std::runtime_error("bad");
  }).collect_into(bad);
  job.context->start();
  CHECK(wait_until([&] {
    return job.metrics->counter("receiver_restarts_total", "1") == 5 &&
           records_of(good).size() == 1000;
  }));
  job.stop_gracefully();
  CHECK(starts == 1);
  CHECK(records_of(good).back() == 999);
}

TEST_CASE("on_stop that throws is no reason not to stop") {
  actor_job job;
  collector<int> out;
  stream_of(
      job, [](auto& r, int) { r.store(1); },
      [](auto&, int) { throw std::runtime_error("will not stop"); })
      .collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() == 1; }));
  job.stop_gracefully();
  CHECK(job.log->count(log_level::warning, "on_stop threw: will not stop") == 1);
}

TEST_CASE("a receiver that asks for its end while it waits for a restart has ended") {
  actor_job job{quick_configuration()
                    .set("receiver.restart_delay", "1h")
                    .set("receiver.restart_delay_max", "1h")};
  std::atomic<scripted_receiver*> live = nullptr;
  collector<int> out;
  stream_of(job, [&](auto& r, int) {
    live = &r;
    throw std::runtime_error("wait an hour");
  }).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return job.log->count(log_level::warning, "wait an hour") == 1; }));
  live.load()->stop("never mind");
  CHECK(wait_until([&] { return job.events->events("receiver stopped").size() == 1; }));
  job.stop_gracefully();
}

TEST_CASE("a receiver that asks for its end and then throws has ended, and is not started again") {
  for (int round = 0; round < 20; ++round) {
    actor_job job;
    std::atomic<int> starts = 0;
    collector<int> out;
    stream_of(job, [&](auto& r, int) {
      ++starts;
      r.stop("bad input");
      throw std::runtime_error("cannot go on");
    }).collect_into(out);
    job.context->start();
    CHECK(wait_until([&] { return job.events->events("receiver stopped").size() == 1; }));
    job.stop_gracefully();
    CHECK(starts == 1);
  }
}

TEST_CASE("run before on_start or after the end of a life is refused, and a stopped receiver "
          "stores nothing") {
  actor_job job;
  std::shared_ptr<scripted_receiver> mine;
  collector<int> out;
  job.context
      ->receiver_stream([&] {
        mine = std::make_shared<scripted_receiver>([](auto& r, int) { r.store(1); },
                                                   [](auto&, int) {});
        return mine;
      })
      .collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() == 1; }));
  mine->stop("enough");
  CHECK(mine->is_stopped());
  CHECK(wait_until([&] { return job.events->events("receiver stopped").size() == 1; }));
  CHECK_FALSE(mine->store(2));
  CHECK_THROWS_WITH_AS(mine->run([](std::stop_token) {}), doctest::Contains("has not been started"),
                       stream_error);
  job.stop_gracefully();
  CHECK(records_of(out) == std::vector{1});
}

TEST_CASE("the rate limit holds for one record at a time and for many") {
  // Without a limit 30,000 records take some milliseconds, in which one second's worth may pass at
  // most.
  for (bool many : {false, true}) {
    actor_job job{quick_configuration().set("stream.receiver_max_rate", 20'000)};
    collector<int> out;
    std::atomic<int> stored = 0;
    stream_of(job, [&](auto& r, int) {
      r.run([&](std::stop_token stop) {
        while (!stop.stop_requested() && r.is_started()) {
          if (many ? r.store(std::vector<int>(50, 1)) : r.store(1))
            stored += many ? 50 : 1;
        }
      });
    }).collect_into(out);
    auto before = std::chrono::steady_clock::now();
    job.context->start();
    CHECK(wait_until([&] { return stored >= 30'000; }));
    int seen = stored;
    auto elapsed_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    CHECK(seen <= 20'000 * (elapsed_s + 1) + 2'000);
    job.stop_gracefully();
    CHECK(records_of(out).size() == static_cast<std::size_t>(stored));
  }
}
