#include "millrace/engine/local/inline_runtime.hpp"
#include "support/engine.hpp"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

/// Stores what `at_start` and `at_stop` say, on the thread of the test.
struct hand_receiver final : receiver<int> {
  std::function<void(hand_receiver&)> at_start = [](hand_receiver&) {};
  std::function<void(hand_receiver&)> at_stop = [](hand_receiver&) {};
  void on_start() override { at_start(*this); }
  void on_stop() override { at_stop(*this); }
  void start_thread() {
    run([](std::stop_token) {});
  }
};

struct counting_listener final : listener {
  int stopped = 0;
  std::vector<std::string> errors;
  std::function<void()> at_stopped = [] {};
  void on_streaming_stopped(batch_time) override {
    ++stopped;
    at_stopped();
  }
  void on_receiver_error(const receiver_info& r) override { errors.push_back(r.last_error); }
};

struct hand_job {
  explicit hand_job(configuration conf = test_configuration())
      : context{on->make_context(std::move(conf), seconds(1))} {
    context->add_listener(events);
    context->receiver_stream([this] { return hand; }).collect_into(out);
  }

  ints received() const {
    ints all;
    for (auto& b : out.batches())
      all.insert(all.end(), b.begin(), b.end());
    return all;
  }

  std::unique_ptr<engine> on = make_inline_engine();
  std::shared_ptr<hand_receiver> hand = std::make_shared<hand_receiver>();
  std::shared_ptr<counting_listener> events = std::make_shared<counting_listener>();
  collector<int> out;
  std::unique_ptr<basic_stream_context> context;
};

} // namespace

TEST_CASE("sockets are refused at start, by operation and place") {
  auto on = make_inline_engine();
  auto context = on->make_context(test_configuration(), seconds(1));
  context->socket_text_stream("localhost", 9999).print();
  CHECK_THROWS_WITH_AS(context->start(),
                       doctest::Contains("socket_text_stream at inline_runtime_test.cpp:"),
                       stream_error);
  CHECK(context->state() == context_state::stopped);
}

TEST_CASE("the clock moves in one jump or in pieces with the same batches") {
  for (int step : {1, 7, 100, 999, 1000, 1001, 3000}) {
    auto on = make_inline_engine();
    auto context = on->make_context(test_configuration(), seconds(1));
    collector<int> out;
    test_input<int>(*context, {ints{1}, ints{2}, ints{3}}).collect_into(out);
    context->start();
    for (int at = 0; at < 3000; at += step)
      on->advance(milliseconds(std::min(step, 3000 - at)));
    CHECK(out.times() == std::vector{batch_time{1000}, batch_time{2000}, batch_time{3000}});
    CHECK(out.batches() == std::vector<ints>{{1}, {2}, {3}});
  }
}

TEST_CASE("records belong to the first batch after their block was cut") {
  hand_job job;
  job.context->start();
  job.on->advance(milliseconds(500));
  CHECK(job.hand->store(1));
  job.on->advance(milliseconds(600));
  CHECK(job.out.batches() == std::vector<ints>{{1}});
  CHECK(job.hand->store(2));
  job.on->advance(seconds(2));
  CHECK(job.out.batches() == std::vector<ints>{{1}, {2}, {}});
}

TEST_CASE("an immediate stop abandons what was received, a graceful one processes it") {
  for (auto mode : {stop_mode::immediate, stop_mode::graceful}) {
    hand_job job;
    job.hand->at_stop = [](hand_receiver& r) { r.store(2); };
    job.context->start();
    CHECK(job.hand->store(1));
    job.context->stop(mode);
    CHECK(job.received() == (mode == stop_mode::graceful ? ints{1, 2} : ints{}));
    CHECK(job.events->stopped == 1);
  }
}

TEST_CASE("immediate overrides graceful, whichever comes first") {
  for (bool immediate_first : {true, false}) {
    hand_job job;
    test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
      job.hand->store(2);
      job.context->request_stop(immediate_first ? stop_mode::immediate : stop_mode::graceful);
      job.context->request_stop(immediate_first ? stop_mode::graceful : stop_mode::immediate);
    });
    job.context->start();
    job.on->advance(seconds(5));
    CHECK(job.context->await_termination_for(duration{0}));
    CHECK(job.received().empty());
    CHECK(job.out.size() == 1);
  }
}

TEST_CASE("a graceful stop makes as many batches as the block store needs") {
  hand_job job{
      test_configuration().set("stream.max_block_bytes", 40).set("stream.block_store_bytes", 100)};
  job.context->start();
  for (int i = 0; i < 1000; ++i)
    CHECK(job.hand->store(i));
  job.context->stop(stop_mode::graceful);
  CHECK(job.received().size() == 1000);
  CHECK(job.out.size() > 10);
}

TEST_CASE("stopping again while stopping changes nothing") {
  hand_job job;
  int calls = 0;
  test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
    ++calls;
    job.context->stop(stop_mode::graceful);
  });
  job.events->at_stopped = [&] { job.context->stop(); };
  job.context->start();
  CHECK(job.hand->store(1));
  job.context->stop(stop_mode::graceful);
  CHECK(job.events->stopped == 1);
  CHECK(calls == 1);
  CHECK(job.received() == ints{1});
}

TEST_CASE("a failure during a graceful stop ends it") {
  hand_job job{test_configuration().set("stream.task_max_failures", 1)};
  int calls = 0;
  test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
    ++calls;
    job.hand->store(1);
    throw std::runtime_error("wrong");
  });
  job.context->start();
  CHECK(job.hand->store(1));
  job.context->stop(stop_mode::graceful);
  CHECK(calls == 1);
  CHECK_THROWS_WITH_AS(job.context->await_termination(), doctest::Contains("wrong"), stream_error);
}

TEST_CASE("receiver::run is not available, and says what to do") {
  hand_job job;
  job.hand->at_start = [](hand_receiver& r) { r.start_thread(); };
  job.context->start();
  REQUIRE(job.events->errors.size() == 1);
  CHECK(job.events->errors[0].find("needs the actor runtime") != std::string::npos);
}

TEST_CASE("a restart that was asked for does not happen once the job stops") {
  hand_job job;
  int starts = 0;
  job.hand->at_start = [&](hand_receiver&) { ++starts; };
  job.context->start();
  CHECK(job.hand->store(1));
  job.hand->restart("now", duration{0});
  job.context->stop(stop_mode::graceful);
  CHECK(starts == 1);
  CHECK(job.received() == ints{1});
  job.hand->restart("too late");
  job.hand->report_error("too late");
}

TEST_CASE("a receiver that outlives its job can be called without effect") {
  std::shared_ptr<hand_receiver> kept;
  {
    hand_job job;
    job.context->start();
    kept = job.hand;
  }
  kept->restart("gone");
  kept->stop("gone");
  kept->report_error("gone");
  CHECK_FALSE(kept->store(1));
}

TEST_CASE("a runtime that was not started counts as stopped and its clock can move") {
  inline_runtime idle{batch_time{500}};
  CHECK(idle.wait_stopped(std::nullopt));
  CHECK_FALSE(idle.on_own_thread());
  idle.request_stop(stop_mode::immediate);
  idle.advance(seconds(1));
  CHECK(idle.now() == batch_time{1500});
}

TEST_CASE("what the thread that moves the clock stores waits in its block until it is within the "
          "rate") {
  hand_job job{test_configuration().set("stream.receiver_max_rate", 10)};
  job.context->start();
  for (int i = 0; i < 25; ++i)
    CHECK(job.hand->store(i));
  job.on->advance(seconds(2));
  CHECK(job.received().empty());
  job.on->advance(seconds(1));
  CHECK(job.received().size() == 25);
  CHECK(job.hand->store(25));
  job.on->advance(seconds(1));
  CHECK(job.received().size() == 26);
  CHECK(job.hand->store(ints(100)));
  job.context->stop(stop_mode::graceful);
  CHECK(job.received().size() == 126);
}

TEST_CASE(
    "who goes on storing faster than the rate gets through what is within it, block by block") {
  hand_job job{test_configuration().set("stream.receiver_max_rate", 10)};
  job.context->start();
  std::vector<std::size_t> received;
  for (int second = 1; second <= 6; ++second) {
    for (int i = 0; i < 20; ++i)
      CHECK(job.hand->store(i));
    job.on->advance(seconds(1));
    received.push_back(job.received().size());
  }
  CHECK(received == std::vector<std::size_t>{0, 20, 20, 40, 40, 60});
  job.context->stop(stop_mode::graceful);
  CHECK(job.received().size() == 120);
}

TEST_CASE("a listener that stops the job when it starts has stopped it") {
  struct stopper final : listener {
    explicit stopper(basic_stream_context& c) : context{c} {}
    void on_streaming_started(batch_time) override { context.stop(); }
    basic_stream_context& context;
  };
  hand_job job;
  job.context->add_listener(std::make_shared<stopper>(*job.context));
  job.context->start();
  CHECK(job.context->state() == context_state::stopped);
  job.on->advance(seconds(2));
  CHECK(job.received().empty());
  CHECK(job.context->await_termination_for(duration{0}));
}

TEST_CASE("a receiver that reports too much between two steps loses reports, counted and warned "
          "of") {
  hand_job job;
  auto log = std::make_shared<memory_log>();
  auto metrics = std::make_shared<memory_metrics>();
  job.context->set_log(log);
  job.context->set_metrics(metrics);
  job.context->start();
  for (int round = 1; round <= 2; ++round) {
    for (int i = 0; i < 1'500; ++i)
      job.hand->report_error("again");
    job.on->advance(seconds(1));
    CHECK(job.events->errors.size() == static_cast<std::size_t>(1'000 * round));
    CHECK(metrics->counter("receiver_reports_dropped_total", "0") ==
          static_cast<std::uint64_t>(500 * round));
  }
  CHECK(log->count(log_level::warning, "reports errors faster than they can be told") == 1);
  job.context->stop();
  CHECK(log->count(log_level::warning, "999 more until the end of the job, 1000 in ") == 1);
}

TEST_CASE("the thread that moves the clock gets an error, and no wait for itself, when it stores "
          "more blocks than may wait; nothing stored is lost") {
  hand_job job;
  job.context->start();
  constexpr int most = 10'000;
  for (int i = 0; i < most; ++i)
    CHECK(job.hand->store(std::vector<int>{i}));
  try {
    job.hand->store(std::vector<int>{most});
    FAIL("an error was expected");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
    CHECK(std::string{e.what()}.find("10000 blocks wait for the thread that moves the clock") !=
          std::string::npos);
  }
  job.on->advance(seconds(1));
  CHECK(job.hand->store(std::vector<int>{most}));
  job.on->advance(seconds(1));
  job.context->stop(stop_mode::graceful);
  CHECK(job.received().size() == most + 1);
}
