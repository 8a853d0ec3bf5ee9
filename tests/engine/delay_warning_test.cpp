#include "millrace/engine/delay_warning.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

std::string said(const std::optional<delay_notice>& notice) {
  if (!notice)
    return "";
  const char* names[] = {"begins", "lasts", "over"};
  return std::string{names[static_cast<std::size_t>(notice->what)]} + " " +
         std::to_string(notice->delay.ms()) + " after " + std::to_string(notice->since_begin.ms());
}

} // namespace

TEST_CASE("late batches are told of when they begin to be and when they are in time again") {
  delay_warning warning{milliseconds(100), 2.0};
  struct look {
    int delay_ms;
    const char* expected;
  };
  const look story[] = {
      {0, ""},
      {200, ""},
      {201, "begins 201 after 0"},
      {900, ""},
      {150, ""},
      {201, ""},
      {101, ""},
      {300, ""},
      {100, "over 100 after 600"},
      {200, ""},
      {250, "begins 250 after 0"},
      {260, ""},
  };
  std::int64_t now = 0;
  for (auto [delay_ms, expected] : story) {
    CAPTURE(delay_ms);
    CHECK(said(warning.observe(milliseconds(delay_ms), batch_time{now += 100})) == expected);
  }
  CHECK(warning.behind());
  CHECK(warning.observe(milliseconds(0), batch_time{now}));
  CHECK_FALSE(warning.behind());
}

TEST_CASE("while it lasts it is repeated once a minute") {
  delay_warning warning{milliseconds(200)};
  int notices = 0;
  for (std::int64_t ms = 0; ms < 150'000; ms += 200)
    if (warning.observe(milliseconds(ms / 10 + 201), batch_time{ms}))
      ++notices;
  CHECK(notices == 3);
  CHECK(said(warning.observe(seconds(20), batch_time{180'000})) == "lasts 20000 after 180000");
}

TEST_CASE("a ratio of 0 or less never warns") {
  for (double ratio : {0.0, -1.0})
    CHECK_FALSE(
        delay_warning{milliseconds(100), ratio}.observe(milliseconds(1'000'000), batch_time{0}));
}
