#include "millrace/base/repeated_lines.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

struct fixture {
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  std::shared_ptr<manual_clock> time = std::make_shared<manual_clock>();
  std::shared_ptr<repeated_lines> repeats = std::make_shared<repeated_lines>(time);
  logger to{log, "mill", repeats};

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (auto& e : log->entries())
      out.push_back(std::string{to_string(e.level)} + " " + e.component + ": " + e.text);
    return out;
  }
};

using strings = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(fixture, "lines that repeat: the first, one a minute, and one when it is over") {
  for (int i = 1; i <= 90; ++i) {
    to.repeated(log_level::warning, "jams of the wheel",
                "the wheel is jammed by log " + std::to_string(i));
    time->advance(seconds(1));
    repeats->look();
  }
  const strings so_far{"warning mill: the wheel is jammed by log 1",
                       "warning mill: jams of the wheel: 59 more in 1.0 min, 60 in 1.0 min "
                       "altogether; the last: the wheel is jammed by log 60"};
  CHECK(lines() == so_far);
  time->advance(seconds(59));
  repeats->look();
  REQUIRE(lines().size() == 3);
  CHECK(lines().back() ==
        "warning mill: jams of the wheel: none for 1.0 min, after 90 in 1.5 min; 30 since the last "
        "line, the last: the wheel is jammed by log 90");
  time->advance(minutes(10));
  repeats->look();
  repeats->finish();
  CHECK(lines().size() == 3);
}

TEST_CASE_FIXTURE(fixture, "the end of what was told in full is news, and no warning") {
  for (int second : {0, 30, 60}) {
    time->set(batch_time{1'000 * second});
    to.repeated(log_level::error, "jams", "jammed");
  }
  time->advance(minutes(1));
  repeats->look();
  CHECK(lines() == strings{"error mill: jammed",
                           "error mill: jams: 2 more in 1.0 min, 3 in 1.0 min altogether; the "
                           "last: jammed",
                           "info mill: jams: none for 1.0 min, after 3 in 1.0 min"});
}

TEST_CASE_FIXTURE(fixture, "at the end of the job the figures that are left are told") {
  to.repeated(log_level::warning, "jams", "jammed");
  to.named("sluice").repeated(log_level::warning, "jams", "stuck", 3);
  time->advance(seconds(2));
  to.repeated(log_level::error, "jams", "jammed again", 7);
  repeats->finish();
  repeats->finish();
  CHECK(lines() ==
        strings{"warning mill: jammed", "warning sluice: stuck (and 2 more)",
                "error mill: jams: 7 more until the end of the job, 8 in 2.0 s altogether; "
                "the last: jammed again"});
}

TEST_CASE_FIXTURE(fixture, "outside of jobs each text is written") {
  const logger plain{log, "mill"};
  plain.repeated(log_level::warning, "jams", "jammed");
  plain.repeated(log_level::warning, "jams", "jammed", 3);
  plain.repeated(log_level::off, "jams", "not this");
  logger{}.repeated(log_level::warning, "jams", "nobody hears");
  const logger clockless{log, "mill", std::make_shared<repeated_lines>()};
  clockless.repeated(log_level::warning, "jams", "no time yet");
  clockless.repeated(log_level::warning, "jams", "no time yet");
  CHECK(lines() == strings{"warning mill: jammed", "warning mill: jammed (and 2 more)",
                           "warning mill: no time yet", "warning mill: no time yet"});
}

TEST_CASE_FIXTURE(fixture, "subjects beyond the bound are counted together, by component") {
  constexpr auto most = repeated_lines::max_subjects;
  for (std::size_t i = 0; i < most + 50; ++i)
    to.repeated(log_level::warning, "jams of wheel " + std::to_string(i), "jammed");
  CHECK(lines().size() == most + 1);
  repeats->finish();
  REQUIRE(lines().size() == most + 2);
  CHECK(lines().back() ==
        "warning mill: other lines that repeat: 49 more until the end of the job, "
        "50 in 0 ms altogether; the last: jammed");
}

TEST_CASE_FIXTURE(fixture, "what several threads tell at once is all counted") {
  constexpr int each = 5'000;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < each; ++i)
          to.repeated(log_level::warning, "jams", "jammed");
      });
    for (int i = 0; i < 100; ++i)
      repeats->look();
  }
  repeats->finish();
  REQUIRE(lines().size() == 2);
  CHECK(lines().back().find(std::to_string(4 * each) + " in ") != std::string::npos);
}

TEST_CASE("an observer may itself log what repeats") {
  struct echo final : log_observer {
    std::weak_ptr<repeated_lines> repeats;
    std::weak_ptr<log_observer> self;
    int lines = 0;
    void log(log_level level, std::string_view, std::string_view) override {
      ++lines;
      logger{self.lock(), "echo", repeats.lock()}.repeated(level, "echoes", "echo");
    }
  };
  auto observer = std::make_shared<echo>();
  auto repeats = std::make_shared<repeated_lines>(std::make_shared<manual_clock>());
  observer->repeats = repeats;
  observer->self = observer;
  logger{observer, "mill", repeats}.repeated(log_level::warning, "jams", "jammed");
  CHECK(observer->lines == 2);
}
