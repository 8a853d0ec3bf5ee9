#include "runtime/receivers/receiver_job.hpp"

#include <algorithm>
#include <stdexcept>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;

configuration quick() { return test_configuration().set("receiver.restart_delay", "100ms"); }

bool has(receiver_job& job, const std::string& event, std::size_t times = 1) {
  return job.advance_until([&] { return job.events->events("receiver " + event).size() >= times; });
}

/// Runs a receiver that does as `prepare(probe)` says, lets `act(job, probe)` happen after its
/// first event, and stops; on each runtime the listeners hear exactly `expected` of it, and each
/// error is logged once as a warning.
template <class Prepare, class Act>
void expect_events(const texts& expected, Prepare prepare, Act act, configuration conf = quick()) {
  on_all_engines([&](engine& on) {
    probe p;
    prepare(p);
    receiver_job job{on, p, conf};
    CHECK(has(job, ""));
    act(job, p);
    job.drain();
    CHECK(job.events->events("receiver") == expected);
    for (auto& e : expected)
      if (auto error = std::string("receiver error numbers: "); e.starts_with(error)) {
        auto times = static_cast<std::size_t>(std::ranges::count(expected, e));
        CHECK(job.log->count(log_level::warning, "receiver numbers: " + e.substr(error.size())) ==
              times);
      }
  });
}

const auto nothing = [](auto&&...) {};

} // namespace

TEST_CASE("a restart that is asked for: the reason as an error, then started; stopped at the end "
          "only") {
  expect_events({"receiver started numbers", "receiver error numbers: no data",
                 "receiver started numbers", "receiver stopped numbers"},
                nothing, [](receiver_job& job, probe& p) {
                  p.live.load()->restart("no data");
                  CHECK(has(job, "started", 2));
                  CHECK(job.metrics->counter("receiver_restarts_total", "0") == 1);
                });
}

TEST_CASE("only the first reason counts, and a stop overrides a restart") {
  expect_events({"receiver started numbers", "receiver stopped numbers"}, nothing,
                [](receiver_job& job, probe& p) {
                  p.live.load()->stop("first");
                  p.live.load()->stop("second");
                  CHECK(has(job, "stopped"));
                  CHECK(job.log->count(log_level::info, "receiver numbers stopped: first") == 1);
                  CHECK(job.log->count(log_level::info, "second") == 0);
                });
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, quick()};
    CHECK(has(job, "started"));
    p.live.load()->restart("once more");
    p.live.load()->stop("no, rather not");
    CHECK(has(job, "stopped"));
    on.advance(seconds(60));
    job.context().stop();
    CHECK(p.starts == 1);
  });
}

TEST_CASE("a stop that is asked for while the receiver stops does not replace the first reason") {
  expect_events(
      {"receiver started numbers", "receiver stopped numbers"},
      [](probe& p) { p.at_stop = [](receiver<int>& r) { r.stop("second"); }; },
      [](receiver_job& job, probe& p) {
        p.live.load()->stop("first");
        CHECK(has(job, "stopped"));
        CHECK(job.log->count(log_level::info, "receiver numbers stopped: first") == 1);
        CHECK(job.log->count(log_level::info, "second") == 0);
      });
}

TEST_CASE("on_start that throws is an error and no start") {
  expect_events(
      {"receiver error numbers: on_start threw: not today",
       "receiver error numbers: on_start threw: something that is not a std::exception",
       "receiver started numbers", "receiver stopped numbers"},
      [](probe& p) {
        p.at_start = [&p](receiver<int>&) {
          if (p.starts == 1)
            throw std::runtime_error("not today");
          if (p.starts == 2)
            throw 42;
        };
      },
      [](receiver_job& job, probe&) { CHECK(has(job, "started")); });
}

TEST_CASE("on_stop that throws is told, whatever it throws, and changes nothing else") {
  for (bool standard : {true, false}) {
    auto why = std::string("receiver error numbers: on_stop threw: ") +
               (standard ? "will not" : "something that is not a std::exception");
    auto throws = [standard](probe& p) {
      p.at_stop = [standard](receiver<int>&) {
        if (standard)
          throw std::runtime_error("will not");
        throw 42;
      };
    };
    expect_events({"receiver started numbers", why, "receiver stopped numbers"}, throws, nothing);
    expect_events({"receiver started numbers", why, "receiver error numbers: again",
                   "receiver started numbers", why, "receiver stopped numbers"},
                  throws, [](receiver_job& job, probe& p) {
                    p.live.load()->restart("again");
                    CHECK(has(job, "started", 2));
                  });
  }
}

TEST_CASE("what a receiver reports in on_stop is still told") {
  expect_events(
      {"receiver started numbers", "receiver error numbers: last words",
       "receiver stopped numbers"},
      [](probe& p) { p.at_stop = [](receiver<int>& r) { r.report_error("last words"); }; },
      nothing);
}

TEST_CASE("over the restart limit: errors, stopped, and a graceful end of the job, which loses "
          "nothing") {
  auto error = std::string("receiver error numbers: on_start threw: dead on arrival");
  on_all_engines([&](engine& on) {
    probe p;
    p.at_start = [&p](receiver<int>& r) {
      r.store(p.starts);
      throw std::runtime_error("dead on arrival");
    };
    receiver_job job{on, p, quick().set("receiver.restart_intensity", 2)};
    CHECK(job.advance_until([&] { return job.context().state() == context_state::stopped; }));
    CHECK_THROWS_WITH_AS(job.context().await_termination(),
                         doctest::Contains("receiver numbers failed more than 2 times in 60000 ms"),
                         stream_error);
    CHECK(job.events->events("receiver") == texts{error, error, error, "receiver stopped numbers"});
    CHECK(job.received() == std::vector{1, 2, 3});
    CHECK(job.events->events().back() == "streaming stopped");
  });
}

TEST_CASE("a receiver that would rather run elsewhere is asked once, and told of in the log") {
  for (const char* where : {"", "localhost", "far.example"})
    on_all_engines([&](engine& on) {
      probe p;
      p.location = where;
      receiver_job job{on, p, quick()};
      CHECK(has(job, "started"));
      p.live.load()->restart("again");
      CHECK(has(job, "started", 2));
      job.context().stop();
      CHECK(p.asked_for_location == 1);
      CHECK(job.log->count(log_level::info,
                           "receiver numbers would rather run on far.example, and runs here") ==
            (where == std::string("far.example") ? 1 : 0));
    });
}
