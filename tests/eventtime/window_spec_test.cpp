#include "millrace/base/error.hpp"
#include "millrace/eventtime/window_spec.hpp"
#include "support/seed.hpp"

#include <random>
#include <set>
#include <sstream>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

event_time at(std::int64_t ms) { return event_time{ms}; }

event_window window(std::int64_t start, std::int64_t end) { return {at(start), at(end)}; }

std::vector<event_window> assigned(const window_spec& spec, std::int64_t t) {
  const window_range windows = spec.assign(at(t));
  return {windows.begin(), windows.end()};
}

/// All windows of a small grid that contain `t`, by trying them all.
std::vector<event_window> tried(std::int64_t size, std::int64_t slide, std::int64_t offset,
                                std::int64_t t) {
  std::vector<event_window> found;
  for (std::int64_t n = -400; n <= 400; ++n)
    if (const std::int64_t start = offset + n * slide; start <= t && t < start + size)
      found.push_back(window(start, start + size));
  return found;
}

std::string refusal(auto make) {
  try {
    make();
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::invalid_argument);
    return e.what();
  }
  return "accepted";
}

bool has(const std::string& text, const char* part) { return text.find(part) != text.npos; }

} // namespace

TEST_CASE("tumbling windows follow each other, also before the epoch and with an offset") {
  const auto plain = window_spec::tumbling(milliseconds(10));
  CHECK(assigned(plain, 0) == std::vector{window(0, 10)});
  CHECK(assigned(plain, 9) == std::vector{window(0, 10)});
  CHECK(assigned(plain, 10) == std::vector{window(10, 20)});
  CHECK(assigned(plain, -1) == std::vector{window(-10, 0)});
  CHECK(assigned(plain, -10) == std::vector{window(-10, 0)});
  CHECK(assigned(plain, -11) == std::vector{window(-20, -10)});
  const auto shifted = window_spec::tumbling(milliseconds(10), milliseconds(-3));
  CHECK(assigned(shifted, 6) == std::vector{window(-3, 7)});
  CHECK(assigned(shifted, 7) == std::vector{window(7, 17)});
  CHECK(shifted == window_spec::tumbling(milliseconds(10), milliseconds(27)));
}

TEST_CASE("a record belongs to every sliding window that contains it, earliest first") {
  const auto spec = window_spec::sliding(milliseconds(10), milliseconds(4));
  CHECK(assigned(spec, 9) == std::vector{window(0, 10), window(4, 14), window(8, 18)});
  CHECK(assigned(spec, 11) == std::vector{window(4, 14), window(8, 18)});
  CHECK(assigned(spec, -1) == std::vector{window(-8, 2), window(-4, 6)});
}

TEST_CASE("windows and panes are those that trying them all finds") {
  std::mt19937_64 random{test::seed()};
  for (int round = 0; round < 3'000; ++round) {
    const auto slide = static_cast<std::int64_t>(1 + random() % 12);
    const auto size = slide + static_cast<std::int64_t>(random() % 40);
    const auto offset = static_cast<std::int64_t>(random() % 60) - 30;
    const auto t = static_cast<std::int64_t>(random() % 400) - 200;
    CAPTURE(size);
    CAPTURE(slide);
    CAPTURE(offset);
    CAPTURE(t);
    const auto spec =
        window_spec::sliding(milliseconds(size), milliseconds(slide), milliseconds(offset));
    const auto expected = tried(size, slide, offset, t);
    REQUIRE(assigned(spec, t) == expected);
    const auto until = t + static_cast<std::int64_t>(random() % 60) - 10;
    const auto ended = std::count_if(expected.begin(), expected.end(),
                                     [&](const event_window& w) { return w.end <= at(until); });
    REQUIRE(spec.assign(at(t)).ended_by(at(until)) == static_cast<std::size_t>(ended));

    const event_window pane = spec.pane(at(t));
    REQUIRE(pane.start <= at(t));
    REQUIRE(at(t) < pane.end);
    for (std::int64_t other = t - 60; other <= t + 60; ++other) {
      const bool inside = pane.start <= at(other) && at(other) < pane.end;
      REQUIRE(inside == (tried(size, slide, offset, other) == expected));
    }
  }
}

TEST_CASE("a session of one record lasts from it for the gap") {
  const auto spec = window_spec::session(milliseconds(30));
  CHECK(assigned(spec, -7) == std::vector{window(-7, 23)});
  CHECK(assigned(window_spec::session(milliseconds(1)), 5) == std::vector{window(5, 6)});
  CHECK(spec.gap() == milliseconds(30));
}

TEST_CASE("near the limits of 64 bits windows are cut off, and stay different") {
  const std::int64_t first = earliest_event_time.ms();
  const std::int64_t last = latest_event_time.ms();
  for (const auto& spec : {window_spec::tumbling(milliseconds(1'000), milliseconds(17)),
                           window_spec::sliding(milliseconds(1'000), milliseconds(7)),
                           window_spec::sliding(milliseconds(last), milliseconds(last / 9'000)),
                           window_spec::tumbling(milliseconds(last), milliseconds(last - 1))})
    for (const std::int64_t t : {first, first + 1, last - 1, last}) {
      const auto all = assigned(spec, t);
      CHECK(std::set<event_window>(all.begin(), all.end()).size() == all.size());
      for (const event_window& each : all) {
        CHECK(each.start <= at(t));
        CHECK((each.end > at(t) || each.end == latest_event_time));
      }
      CHECK(spec.pane(at(t)).start <= at(t));
      CHECK(spec.pane(spec.pane(at(t)).start) == spec.pane(at(t)));
    }
  CHECK(assigned(window_spec::tumbling(milliseconds(10)), last).back().end == latest_event_time);
  CHECK(assigned(window_spec::tumbling(milliseconds(10)), first)[0].start == earliest_event_time);
}

TEST_CASE("sizes that make no sense are refused with the value and what is allowed") {
  CHECK(has(refusal([] { return window_spec::tumbling(duration{}); }), "size must be positive"));
  CHECK(has(refusal([] { return window_spec::tumbling(seconds(-1)); }), "-1000 ms"));
  CHECK(has(refusal([] { return window_spec::sliding(duration{}, seconds(1)); }), "size"));
  CHECK(has(refusal([] { return window_spec::sliding(seconds(1), duration{}); }), "slide must"));
  CHECK(has(refusal([] { return window_spec::sliding(seconds(1), seconds(2)); }),
            "slide of 2000 ms is longer than the size of 1000 ms"));
  CHECK(has(refusal([] { return window_spec::session(milliseconds(-5)); }), "gap"));
  CHECK(has(refusal([] { return window_spec::sliding(milliseconds(10'001), milliseconds(1)); }),
            "10001 windows"));
  CHECK(has(refusal([] { return window_spec::session(duration{}); }),
            "window_spec::session at window_spec_test.cpp:"));
  CHECK(assigned(window_spec::sliding(milliseconds(10'000), milliseconds(1)), 3).size() == 10'000);
}

TEST_CASE("a window_spec describes itself") {
  CHECK(window_spec::tumbling(seconds(1)).describe() == "tumbling(size 1000 ms, offset 0 ms)");
  CHECK(window_spec::sliding(seconds(2), seconds(1), milliseconds(-1)).describe() ==
        "sliding(size 2000 ms, slide 1000 ms, offset 999 ms)");
  CHECK(window_spec::session(seconds(3)).describe() == "session(gap 3000 ms)");
}
