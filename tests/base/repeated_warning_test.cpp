#include "millrace/base/repeated_warning.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

std::string said(const std::optional<repeat_notice>& notice) {
  if (!notice)
    return "";
  const char* names[] = {"begins", "lasts", "over"};
  return std::string{names[static_cast<std::size_t>(notice->what)]} + " " +
         std::to_string(notice->times) + " of " + std::to_string(notice->total);
}

batch_time at(std::int64_t second) { return batch_time{second * 1'000}; }

} // namespace

TEST_CASE("what repeats is spoken of when it begins, once a minute, and when it is over") {
  struct step {
    std::int64_t second;
    std::uint64_t times; ///< 0: a look at the time.
    const char* expected;
  };
  const step story[] = {
      {0, 0, ""},
      {1, 1, "begins 1 of 1"},
      {2, 1, ""},
      {60, 3, ""},
      {60, 0, ""},
      {61, 1, "lasts 5 of 6"},
      {62, 2, ""},
      {120, 0, ""},
      {121, 0, "lasts 2 of 8"}, // told by the clock: nothing has happened since
      {121, 0, ""},
      {122, 0, "over 0 of 8"},
      {200, 0, ""},
      {300, 2, "begins 2 of 2"},
      {310, 1, ""},
      {370, 0, "over 1 of 3"},
      {400, 1, "begins 1 of 1"},
  };
  repeated_warning warning;
  for (const auto& [second, times, expected] : story) {
    CAPTURE(second);
    CHECK(said(times == 0 ? warning.look(at(second)) : warning.happened(at(second), times)) ==
          expected);
  }
}

TEST_CASE("what happens once a minute or less is told each time, without an end") {
  repeated_warning warning;
  for (std::int64_t second = 0; second < 1'000; second += 61) {
    CHECK(said(warning.happened(at(second))) == "begins 1 of 1");
    CHECK(warning.lasting());
    CHECK_FALSE(warning.look(at(second + 60)));
    CHECK_FALSE(warning.lasting());
  }
}

TEST_CASE("a thousand a second make one notice a minute, and each is counted in one") {
  repeated_warning warning;
  std::size_t notices = 0;
  std::uint64_t told = 0;
  const auto take = [&](const std::optional<repeat_notice>& notice) {
    notices += notice ? 1 : 0;
    told += notice ? notice->times : 0;
  };
  for (std::int64_t ms = 0; ms < 150'000; ++ms) {
    take(warning.happened(batch_time{ms}));
    if (ms % 200 == 0)
      take(warning.look(batch_time{ms}));
  }
  CHECK(notices == 3);
  take(warning.end(batch_time{150'000}));
  CHECK(notices == 4);
  CHECK(told == 150'000);
}

TEST_CASE("an end gives the figures that are left, and the times they are of") {
  repeated_warning warning;
  CHECK_FALSE(warning.end(at(0)));
  CHECK(warning.happened(at(10)));
  CHECK_FALSE(warning.happened(at(30), 4));
  CHECK(warning.end(at(35)) ==
        repeat_notice{repeat_notice::kind::over, 4, 5, seconds(25), seconds(25), seconds(5)});
  CHECK_FALSE(warning.end(at(36)));
}

TEST_CASE("times at the ends of 64 bits do no harm") {
  constexpr auto longest = std::numeric_limits<std::int64_t>::max();
  repeated_warning warning;
  CHECK(warning.happened(batch_time{std::numeric_limits<std::int64_t>::min()}));
  CHECK(said(warning.happened(batch_time{longest})) == "lasts 1 of 2");
  CHECK(warning.end(batch_time{longest})->since_begin == duration{longest});
}
