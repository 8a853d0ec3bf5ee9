#include "millrace/engine/wall_clock_watch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

constexpr std::int64_t hour = 3'600'000;

/// What was said at `now` seconds with the wall clock `ahead` milliseconds ahead: W a warning with
/// its figure, I that all is well again.
struct telling {
  wall_clock_watch watch;

  std::string at(std::int64_t now_s, std::int64_t ahead_ms) {
    const batch_time now{now_s * 1'000};
    const auto line = watch.observe(now, now + duration{ahead_ms});
    if (!line)
      return "";
    if (line->level == log_level::info) {
      CHECK(line->text.find("agrees with the times of batches again") != std::string::npos);
      return "over";
    }
    CHECK(line->level == log_level::warning);
    const std::string before = "it is ";
    const auto from = line->text.find(before) + before.size();
    return line->text.substr(from, line->text.find(" the times") - from);
  }
};

} // namespace

TEST_CASE("a wall clock that was set is told of once, and that it is over") {
  for (auto interval : {milliseconds(1), milliseconds(200), seconds(1)}) {
    telling t{wall_clock_watch{interval}};
    CHECK(t.at(0, 0).empty());
    CHECK(t.at(1, 300).empty());
    CHECK(t.at(2, 1'000).empty());
    CHECK(t.at(3, 1'001) == "1.0 s ahead of");
    CHECK(t.at(4, 1'001).empty());
    CHECK(t.at(5, 600).empty());
    CHECK(t.at(6, 500) == "over");
    CHECK(t.at(7, -900).empty());
    CHECK(t.at(100, -hour) == "1.00 h behind");
    CHECK(t.at(5'000, -hour).empty());
    CHECK(t.at(5'001, 0) == "over");
    CHECK(t.at(5'002, 0).empty());
  }
}

TEST_CASE("with intervals over a second, a difference of an interval is told of") {
  telling t{wall_clock_watch{seconds(10)}};
  CHECK(t.at(0, 10'000).empty());
  CHECK(t.at(10, -10'000).empty());
  CHECK(t.at(20, -10'001) == "10.0 s behind");
  CHECK(t.at(30, -5'001).empty());
  CHECK(t.at(40, -5'000) == "over");
}

TEST_CASE("a clock that is set further is told of again") {
  telling t{wall_clock_watch{seconds(1)}};
  CHECK(t.at(0, hour) == "1.00 h ahead of");
  CHECK(t.at(100, hour + 1'000).empty());
  CHECK(t.at(200, hour + 1'001) == "1.00 h ahead of");
  CHECK(t.at(300, -24 * hour) == "24.00 h behind");
  CHECK(t.at(400, 2'000) == "2.0 s ahead of");
  CHECK(t.at(500, 0) == "over");
}

TEST_CASE("a clock that is set again and again is told of once a minute, and in the end as it is") {
  telling t{wall_clock_watch{seconds(1)}};
  std::vector<std::int64_t> warned;
  int over = 0;
  for (std::int64_t s = 0; s < 200; ++s) {
    const auto said = t.at(s, s % 2 == 0 ? hour : 0);
    if (said == "over")
      ++over;
    else if (!said.empty())
      warned.push_back(s);
  }
  CHECK(warned == std::vector<std::int64_t>{0, 60, 120, 180});
  CHECK(over == 4);
  CHECK(t.at(201, -hour).empty());
  CHECK(t.at(239, -hour).empty());
  CHECK(t.at(240, -hour) == "1.00 h behind");
}

TEST_CASE("the ends of time are far apart, and no trouble") {
  wall_clock_watch watch{seconds(1)};
  const batch_time first{std::numeric_limits<std::int64_t>::min()};
  const batch_time last{std::numeric_limits<std::int64_t>::max()};
  CHECK(watch.observe(first, last)->text.find(" ahead of ") != std::string::npos);
  CHECK_FALSE(watch.observe(first, last));
  CHECK(watch.observe(first, first)->level == log_level::info);
  wall_clock_watch other{seconds(1)};
  CHECK(other.observe(last, first)->text.find(" behind ") != std::string::npos);
}
