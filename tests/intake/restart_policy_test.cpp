#include "millrace/intake/restart_policy.hpp"
#include "support/seed.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using action = restart_decision::action;
using enum restart_reason;

const auto t0 = restart_policy::time_point{} + 1000s;

struct fixed_random final : random_source {
  std::uint64_t value = 0;

  std::uint64_t next() override { return value; }
};

const restart_options plain{.max_restarts = 3,
                            .period = seconds(10),
                            .initial_delay = milliseconds(100),
                            .max_delay = milliseconds(1000),
                            .jitter = 0,
                            .quiet_period = seconds(60)};

} // namespace

TEST_CASE("delays double up to the maximum") {
  fixed_random random;
  restart_policy policy{plain, random};
  auto now = t0;
  std::uint64_t attempt = 0;
  for (int expected_ms : {100, 200, 400, 800, 1000, 1000, 1000}) {
    const auto d = policy.decide(now, requested);
    CHECK(d.what == action::restart);
    CHECK(d.delay == milliseconds(expected_ms));
    CHECK(d.attempt == ++attempt);
    now += d.delay.chrono() + 1s;
  }
  for (int i = 0; i < 1000; ++i)
    CHECK(policy.decide(now, requested).delay == milliseconds(1000));
}

TEST_CASE("more failures within the period than allowed escalate") {
  struct row {
    const char* what;
    std::vector<std::chrono::milliseconds> failures;
    std::optional<std::size_t> escalates_at;
  };
  const row rows[] = {
      {"three are allowed", {0ms, 1ms, 2ms}, {}},
      {"the fourth is one too many", {0ms, 1ms, 2ms, 3ms}, 3},
      {"at the very end of the period", {0ms, 1s, 2s, 10s}, 3},
      {"the first has been forgotten", {0ms, 1s, 2s, 10001ms}, {}},
      {"forgotten ones make room for one each", {0ms, 1s, 2s, 10001ms, 10002ms}, 4},
      {"slow enough for ever", {0s, 5s, 10s, 15s, 20s, 25s, 30s, 35s, 40s}, {}},
  };
  for (const auto& [what, failures, escalates_at] : rows) {
    CAPTURE(what);
    fixed_random random;
    restart_policy policy{plain, random};
    for (std::size_t i = 0; i < failures.size(); ++i) {
      CAPTURE(i);
      CHECK((policy.decide(t0 + failures[i], failed).what == action::escalate) ==
            (escalates_at == i));
    }
  }
}

TEST_CASE("requested restarts back off but never escalate, and do not count") {
  fixed_random random;
  restart_policy policy{plain, random};
  for (int i = 0; i < 1000; ++i)
    CHECK(policy.decide(t0, requested).what == action::restart);
  for (int i = 0; i < 3; ++i)
    CHECK(policy.decide(t0, failed).what == action::restart);
  CHECK(policy.decide(t0, failed).what == action::escalate);
  CHECK(policy.decide(t0, requested).what == action::restart);
}

TEST_CASE("a limit of 0 is no limit") {
  auto options = plain;
  options.max_restarts = 0;
  fixed_random random;
  restart_policy policy{options, random};
  for (int i = 0; i < 1000; ++i)
    CHECK(policy.decide(t0, failed).what == action::restart);
}

TEST_CASE("a quiet period, counted from the restart, begins anew") {
  fixed_random random;
  restart_policy policy{plain, random};
  CHECK(policy.decide(t0, failed).delay == milliseconds(100));
  CHECK(policy.decide(t0, failed).delay == milliseconds(200));
  CHECK(policy.decide(t0 + 200ms + 59999ms, failed).delay == milliseconds(400));
  const auto running_since = t0 + 200ms + 59999ms + 400ms;
  const auto quiet = policy.decide(running_since + 60s, failed);
  CHECK(quiet.delay == milliseconds(100));
  CHECK(quiet.attempt == 1);
}

TEST_CASE("a delay that was asked for is taken as it is") {
  fixed_random random;
  random.value = ~std::uint64_t{0};
  auto options = plain;
  options.jitter = 1;
  restart_policy policy{options, random};
  CHECK(policy.decide(t0, requested, milliseconds(5000)).delay == milliseconds(5000));
  CHECK(policy.decide(t0, requested, milliseconds(0)).delay == milliseconds(0));
  CHECK(policy.decide(t0, requested, milliseconds(-1)).delay == milliseconds(0));
}

TEST_CASE("jitter takes off at most its part and spreads restarts") {
  auto options = plain;
  options.jitter = 0.5;
  options.initial_delay = options.max_delay;
  seeded_random random{test::seed()};
  restart_policy policy{options, random};
  auto least = milliseconds(1'000'000), most = milliseconds(0);
  for (int i = 0; i < 1000; ++i) {
    const auto d = policy.decide(t0, requested).delay;
    least = least.min(d);
    most = most.max(d);
  }
  CHECK(least >= milliseconds(500));
  CHECK(least < milliseconds(550));
  CHECK(most > milliseconds(950));
  CHECK(most <= milliseconds(1000));
}

TEST_CASE("bad options are refused by name") {
  CHECK(validate(restart_options{}));
  struct row {
    restart_options options;
    const char* mentions;
  };
  const row rows[] = {
      {{.period = seconds(0)}, "restart period"},
      {{.initial_delay = milliseconds(-1)}, "initial restart delay"},
      {{.initial_delay = seconds(20)}, "maximal restart delay"},
      {{.jitter = 1.5}, "jitter"},
      {{.quiet_period = seconds(-1)}, "quiet period"},
  };
  for (const auto& [options, mentions] : rows) {
    const auto refused = validate(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK(refused.error().message.find(mentions) != std::string::npos);
  }
  fixed_random random;
  CHECK_THROWS_AS((restart_policy{{.jitter = -1}, random}), stream_error);
}
