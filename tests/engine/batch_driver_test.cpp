#include "engine/scripted_outlet.hpp"
#include "millrace/engine/batch_driver.hpp"
#include "plan/plan_harness.hpp"
#include "runtime/event_log.hpp"

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using steps = std::vector<std::string>;

struct idle_receiver final : receiver<int> {
  void on_start() override {}
  void on_stop() override {}
};

const duration second = seconds(1);

/// A driver of a job with one receiver stream in two partitions and one pulled stream in two; what
/// it asks for is written down, and pulls are answered by `answer`.
struct fixture : batch_effects {
  explicit fixture(failure_policy policy = failure_policy::stop) {
    settings.on_batch_failure = policy;
    settings.batches = {1, 1};
    outlet.listen = events;
    driver.emplace(plan, settings, batch_time{0}, store, time, outlet, *this);
  }

  void pull(batch_time t, std::shared_ptr<const job_input_limits> limits) override {
    asked_limits = std::move(limits);
    said.push_back("pull " + std::to_string(t.ms()));
    pulled.push_back(t);
    if (answers_at_once)
      answer();
  }

  void run(source_input what) override {
    said.push_back("run " + std::to_string(what.input->time.ms()) + " stage " +
                   to_string(what.stage) + "/" + std::to_string(what.partition) + " blocks " +
                   std::to_string(what.input->blocks.size()) +
                   (what.failure ? " failed: " + what.failure->message : ""));
  }

  void room_available(stream_id stream) override { said.push_back("room " + to_string(stream)); }
  void go_on_later() override { said.push_back("later"); }
  void drained() override { said.push_back("drained"); }

  /// The pull that was asked for last gives no block, or fails.
  void answer(const std::string& failure = {}) {
    auto t = pulled.back();
    if (!failure.empty()) {
      driver->inputs_pulled(t, fail(errc::user_function_failed, failure));
      return;
    }
    pulled_inputs none;
    none.streams.push_back({stream_id{1}, std::vector<input_split>{}});
    driver->inputs_pulled(t, std::move(none));
  }

  void tick(std::int64_t s, std::int64_t through = 0) {
    driver->due(batch_time{s * 1000}, batch_time{std::max(s, through) * 1000}, second);
  }

  void receive(std::uint64_t number) {
    block_id id{stream_id{0}, number};
    auto data = make_typed_block(std::vector<int>{1, 2, 3});
    CHECK(store.try_put(id, data));
    driver->block_stored({id, data->records(), data->bytes()});
  }

  void done(std::int64_t s, const std::string& failure = {}) {
    std::optional<batch_failure> e;
    if (!failure.empty())
      e = batch_failure{error{errc::internal, failure}, settings.on_batch_failure};
    driver->outputs_done(batch_time{s * 1000}, {}, e);
  }

  steps taken() { return std::exchange(said, {}); }

  job_plan plan = make_plan(graph_of([](auto& c) {
                              c.receiver_stream([] {
                                 return std::make_shared<idle_receiver>();
                               }).for_each_batch([](const batch<int>&) {});
                              any_input<int>(c).for_each_batch([](const batch<int>&) {});
                            }),
                            2);
  job_settings settings;
  block_store store;
  manual_clock time{batch_time{500}};
  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  scripted_outlet outlet;
  bool answers_at_once = true;
  std::vector<batch_time> pulled;
  std::shared_ptr<const job_input_limits> asked_limits;
  steps said;
  std::optional<batch_driver> driver;
};

} // namespace

TEST_CASE("a tick makes a batch of what was received, which runs on every source partition") {
  fixture f;
  f.receive(0);
  f.receive(1);
  f.receive(2);
  f.tick(1);
  CHECK(f.taken() == steps{"pull 1000", "run 1000 stage 0/0 blocks 2",
                           "run 1000 stage 0/1 blocks 1", "run 1000 stage 1/0 blocks 0",
                           "run 1000 stage 1/1 blocks 0"});
  CHECK(f.store.blocks() == 3);
  CHECK(f.outlet.counts->counter("records_received_total", "0") == 9);
  f.done(1);
  CHECK(f.store.blocks() == 0);
  CHECK(f.outlet.counts->counter("batches_completed_total") == 1);
  CHECK(f.events->events() ==
        steps{"batch submitted 1000", "batch started 1000", "batch completed 1000"});
}

TEST_CASE(
    "listeners see a batch's outputs from the start, and its delays as far as they are known") {
  struct watching final : listener {
    void on_batch_submitted(const batch_info& b) override { seen.push_back(b); }
    void on_batch_started(const batch_info& b) override { seen.push_back(b); }
    std::vector<batch_info> seen;
  };
  fixture f;
  auto watch = std::make_shared<watching>();
  f.outlet.listen = watch;
  f.time.advance(milliseconds(700));
  f.tick(1);
  REQUIRE(watch->seen.size() == 2);
  for (auto& b : watch->seen) {
    REQUIRE(b.outputs.size() == 2);
    CHECK(b.outputs[0].name == "for_each_batch");
    CHECK(b.outputs[1].id == output_id{1});
    CHECK(b.outputs[1].time == batch_time{1000});
    CHECK_FALSE(b.outputs[1].started);
    CHECK_FALSE(b.processing_delay());
  }
  CHECK_FALSE(watch->seen[0].scheduling_delay());
  CHECK(watch->seen[1].scheduling_delay() == milliseconds(200));
}

TEST_CASE("one pull is under way at a time, and ticks wait for it") {
  fixture f;
  f.answers_at_once = false;
  f.tick(1, 2);
  CHECK(f.taken() == steps{"pull 1000"});
  f.tick(3);
  CHECK(f.taken().empty());
  f.answer();
  CHECK(f.taken().back() == "pull 2000");
}

TEST_CASE("at the bound ticks wait, and what is next runs before more is pulled") {
  fixture f;
  f.tick(1, 4);
  CHECK(f.pulled.size() == 2);
  f.taken();
  f.done(1);
  CHECK(f.taken() == steps{"run 2000 stage 0/0 blocks 0", "run 2000 stage 0/1 blocks 0",
                           "run 2000 stage 1/0 blocks 0", "run 2000 stage 1/1 blocks 0", "later"});
  f.driver->go_on();
  CHECK(f.taken() == steps{"pull 3000"});
  f.done(2);
  f.driver->go_on();
  CHECK(f.pulled.size() == 4);
}

TEST_CASE("a batch whose input cannot be made takes the same way, as a failure") {
  fixture f{failure_policy::skip};
  f.answers_at_once = false;
  f.tick(1);
  f.answer("no such thing");
  CHECK(f.taken() == steps{"pull 1000", "run 1000 stage 0/0 blocks 0 failed: no such thing",
                           "run 1000 stage 0/1 blocks 0 failed: no such thing",
                           "run 1000 stage 1/0 blocks 0 failed: no such thing",
                           "run 1000 stage 1/1 blocks 0 failed: no such thing"});
  f.done(1, "no such thing");
  CHECK(f.outlet.counts->counter("batches_failed_total") == 1);
  CHECK(f.outlet.lines->count(log_level::error, "batch 1000 ms is skipped: no such thing") == 1);
  CHECK(f.outlet.ends.empty());
}

TEST_CASE("a failed batch that ends the job is the last that was started") {
  fixture f;
  f.tick(1, 5);
  f.taken();
  f.done(1, "bad");
  REQUIRE(f.outlet.ends.size() == 1);
  CHECK(f.outlet.ends[0].first.message == "bad");
  CHECK(f.outlet.ends[0].second == stop_mode::immediate);
  f.tick(6);
  f.driver->go_on();
  for (auto& s : f.taken())
    CHECK_FALSE(s.starts_with("run"));
}

TEST_CASE("a job that skips failed batches and keeps state is warned that others keep their part") {
  auto with_state = make_plan(graph_of([](auto& c) {
                                any_input<std::pair<int, int>>(c)
                                    .template update_state_by_key<int>(
                                        [](const std::vector<int>& xs, std::optional<int>) {
                                          return std::optional{static_cast<int>(xs.size())};
                                        })
                                    .for_each_batch([](const auto&) {});
                              }),
                              2);
  CHECK_FALSE(warn_of_half_batches(with_state, failure_policy::stop));
  auto warning = warn_of_half_batches(with_state, failure_policy::skip);
  REQUIRE(warning);
  CHECK(warning->find("1 operations keep state from batch to batch, the first is "
                      "update_state_by_key at batch_driver_test.cpp:") != std::string::npos);
  fixture without{failure_policy::skip};
  CHECK(without.outlet.lines->count(log_level::warning, "") == 0);
}

TEST_CASE("a pump that waits for room is told when a batch has ended, once") {
  fixture f;
  f.tick(1);
  f.driver->store_full(stream_id{0});
  f.driver->store_full(stream_id{0});
  f.taken();
  f.done(1);
  CHECK(f.taken() == steps{"room 0"});
  f.tick(2);
  f.taken();
  f.done(2);
  CHECK(f.taken().empty());
}

TEST_CASE("a drain gives what is left to one more batch, and ends with the last one") {
  fixture f;
  f.tick(1);
  f.receive(0);
  f.taken();
  f.driver->drain(batch_time{2000}, second);
  CHECK(f.taken() == steps{"pull 2000"});
  f.done(1);
  CHECK(f.taken().front() == "run 2000 stage 0/0 blocks 1");
  f.done(2);
  CHECK(f.taken() == steps{"drained"});

  fixture idle;
  idle.driver->drain(batch_time{2000}, second);
  CHECK(idle.taken() == steps{"drained"});
}

TEST_CASE(
    "a batch has what the limits of a stream allow, and a drain takes as many ticks as it needs") {
  fixture f;
  f.driver->limit(stream_id{0}, {.records = 6});
  for (std::uint64_t i = 0; i < 5; ++i)
    f.receive(i);
  f.tick(1);
  CHECK(f.taken() == steps{"pull 1000", "run 1000 stage 0/0 blocks 1",
                           "run 1000 stage 0/1 blocks 1", "run 1000 stage 1/0 blocks 0",
                           "run 1000 stage 1/1 blocks 0"});
  CHECK((*f.asked_limits)[stream_id{0}] == input_limits{.records = 6});
  CHECK((*f.asked_limits)[stream_id{1}] == input_limits{});
  f.driver->drain(batch_time{2000}, second);
  CHECK(f.taken() == steps{"pull 2000"});
  f.done(1);
  CHECK(f.taken().size() == 4);
  f.done(2);
  auto last = f.taken();
  CHECK(last.at(0) == "pull 3000");
  CHECK(last.at(1) == "run 3000 stage 0/0 blocks 1");
  CHECK(last.at(2) == "run 3000 stage 0/1 blocks 0");
  f.done(3);
  CHECK(f.taken() == steps{"drained"});
  CHECK(f.outlet.ends.empty());
}

TEST_CASE("a drain that cannot make its batches ends, and the job fails with what is left") {
  fixture f{failure_policy::skip};
  f.answers_at_once = false;
  f.receive(0);
  f.driver->drain(batch_time{1000}, second);
  for (std::int64_t t = 1; t <= 3; ++t) {
    CHECK(f.outlet.ends.empty());
    CHECK(f.taken() == steps{"pull " + std::to_string(t * 1000)});
    f.answer("disk gone");
    f.taken();
    f.done(t, "disk gone");
  }
  CHECK(f.taken() == steps{"drained"});
  REQUIRE(f.outlet.ends.size() == 1);
  CHECK(f.outlet.ends[0].first.message.find("3 records that were received are in no batch") !=
        std::string::npos);
}

TEST_CASE("a block that cannot be taken is an error of the job, which stops gracefully") {
  fixture f;
  f.receive(7);
  f.driver->block_stored({{stream_id{0}, 7}, 10, 40});
  REQUIRE(f.outlet.ends.size() == 1);
  CHECK(f.outlet.ends[0].second == stop_mode::graceful);
  CHECK(f.outlet.ends[0].first.code == errc::already_exists);
  CHECK(f.outlet.ends[0].first.message ==
        "input-0-7 is lost: block input-0-7 was reported already");
  CHECK(f.outlet.lines->count(log_level::error, "input-0-7 is lost: ") == 1);
}
