#include "engine/scripted_outlet.hpp"
#include "millrace/engine/receiver_life_cycle.hpp"
#include "millrace/intake/intake_pacer.hpp"
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

/// A life cycle without a runtime: what it asks for is written down, what happens is called.
struct fixture : receiver_effects {
  explicit fixture(std::uint32_t max_restarts = 2) {
    settings.receiver_restarts.max_restarts = max_restarts;
    settings.receiver_restarts.initial_delay = milliseconds(100);
    settings.receiver_restarts.max_delay = milliseconds(400);
    settings.receiver_restarts.jitter = 0;
    outlet.listen = events;
    parts->name = {stream_id{3}, "numbers"};
    parts->user = std::make_shared<idle_receiver>();
    parts->into = std::make_shared<typed_intake<int>>(intake_options{});
    parts->pacer = std::make_shared<intake_pacer>(token_bucket_options{}, time);
    cycle.emplace(parts, settings, 1, *time, outlet, *this);
  }

  void begin_life() override { asked.push_back("begin"); }
  void end_life() override { asked.push_back("end"); }
  void restart_at(std::chrono::steady_clock::time_point when) override {
    auto in = std::chrono::duration_cast<std::chrono::milliseconds>(when - time->steady_now());
    asked.push_back("restart in " + std::to_string(in.count()));
  }
  void life_finished() override { asked.push_back("finished"); }

  void ask(receiver_request::kind what, std::string message,
           std::optional<duration> delay = std::nullopt) {
    CHECK(parts->requests->admit(what));
    cycle->request({what, std::move(message), delay});
  }

  steps taken() { return std::exchange(asked, {}); }

  job_settings settings;
  std::shared_ptr<manual_clock> time = std::make_shared<manual_clock>(batch_time{1000});
  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  scripted_outlet outlet;
  receiver_parts_ptr parts = std::make_shared<receiver_parts>();
  std::optional<receiver_life_cycle> cycle;
  steps asked;
};

using kind = receiver_request::kind;

} // namespace

TEST_CASE("a receiver lives until it is finished") {
  fixture f;
  f.cycle->start();
  f.cycle->started();
  CHECK(f.taken() == steps{"begin"});
  f.cycle->finish();
  CHECK(f.taken() == steps{"end"});
  CHECK_FALSE(f.parts->into->stopped());
  f.cycle->ended({});
  CHECK(f.taken() == steps{"finished"});
  CHECK(f.parts->into->stopped());
  CHECK(f.events->events() == steps{"receiver started numbers", "receiver stopped numbers"});
}

TEST_CASE("a failed life is followed by another after a growing delay, and told of") {
  fixture f;
  f.cycle->start();
  f.cycle->ended("on_start threw: no");
  CHECK(f.taken() == steps{"begin", "restart in 100"});
  CHECK(f.outlet.counts->counter("receiver_restarts_total", "3") == 1);
  CHECK(f.outlet.lines->count(log_level::warning,
                              "receiver numbers: on_start threw: no; restart in 100 ms") == 1);
  f.cycle->restart_due();
  CHECK(f.taken().empty());
  f.time->advance(milliseconds(100));
  f.cycle->restart_due();
  f.cycle->started();
  f.cycle->ended("no again");
  CHECK(f.taken() == steps{"begin", "restart in 200"});
  CHECK(f.events->events() == steps{"receiver error numbers: on_start threw: no",
                                    "receiver started numbers",
                                    "receiver error numbers: no again"});
  CHECK(f.outlet.ends.empty());
}

TEST_CASE("a receiver that fails more often than its limit ends the job gracefully") {
  fixture f{1};
  f.cycle->start();
  f.cycle->ended("first");
  f.time->advance(seconds(1));
  f.cycle->restart_due();
  f.cycle->ended("second");
  REQUIRE(f.outlet.ends.size() == 1);
  CHECK(f.outlet.ends[0].second == stop_mode::graceful);
  CHECK(f.outlet.ends[0].first.code == errc::unavailable);
  CHECK(
      f.outlet.ends[0].first.message ==
      "receiver numbers failed more than 1 times in 60000 ms (options receiver.restart_intensity, "
      "receiver.restart_period), last: second");
  CHECK(f.parts->into->stopped());
  f.time->advance(seconds(100));
  f.cycle->restart_due();
  CHECK(f.taken() == steps{"begin", "restart in 100", "begin"});
  f.cycle->finish();
  CHECK(f.taken() == steps{"finished"});
  CHECK(f.events->events("receiver stopped").size() == 1);
}

TEST_CASE("a restart that was asked for ends the life, and takes the delay that was asked for") {
  fixture f{1};
  f.cycle->start();
  f.cycle->started();
  for (int i = 0; i < 5; ++i) {
    f.ask(kind::restart, "moved", milliseconds(7));
    CHECK(f.taken() == (i == 0 ? steps{"begin", "end"} : steps{"end"}));
    f.ask(kind::restart, "moved again");
    CHECK(f.taken().empty());
    f.cycle->ended({});
    CHECK(f.taken() == steps{"restart in 7"});
    f.time->advance(milliseconds(7));
    f.cycle->restart_due();
    CHECK(f.taken() == steps{"begin"});
    f.asked = {};
  }
  CHECK(f.outlet.ends.empty());
}

TEST_CASE("a stop that was asked for holds, whatever came before it and however the life ends") {
  for (bool restart_first : {false, true})
    for (bool fails : {false, true}) {
      CAPTURE(restart_first);
      CAPTURE(fails);
      fixture f;
      f.cycle->start();
      if (restart_first)
        f.ask(kind::restart, "moved");
      f.ask(kind::stop, "enough");
      CHECK(f.taken() == steps{"begin", "end"});
      f.cycle->ended(fails ? std::optional<std::string>{"late"} : std::nullopt);
      CHECK(f.taken().empty());
      CHECK(f.parts->into->stopped());
      CHECK(f.outlet.lines->count(log_level::info, "receiver numbers stopped: enough") == 1);
      CHECK(f.events->events("receiver error").size() == (fails ? 1 : 0));
      CHECK(f.events->events("receiver stopped").size() == 1);
    }
}

TEST_CASE("a stop between two lives holds, and only counts once") {
  fixture f;
  f.cycle->start();
  f.cycle->ended("failed");
  f.ask(kind::stop, "enough");
  f.ask(kind::stop, "enough");
  CHECK(f.outlet.lines->count(log_level::info, "stopped: enough") == 1);
  f.time->advance(seconds(10));
  f.cycle->restart_due();
  CHECK(f.taken() == steps{"begin", "restart in 100"});
}

TEST_CASE("reports are told, and change nothing") {
  fixture f;
  f.cycle->start();
  f.cycle->started();
  f.ask(kind::report, "odd record");
  f.cycle->stop_threw("on_stop threw: x");
  CHECK(f.events->events("receiver error") ==
        steps{"receiver error numbers: odd record", "receiver error numbers: on_stop threw: x"});
  CHECK(f.outlet.lines->count(log_level::warning, "receiver numbers: odd record") == 1);
  CHECK(f.taken() == steps{"begin"});
}
