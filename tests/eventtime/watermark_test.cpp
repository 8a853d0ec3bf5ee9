#include "millrace/base/error.hpp"
#include "millrace/eventtime/watermark.hpp"

#include <doctest/doctest.h>

using namespace millrace;

namespace {

event_time at(std::int64_t ms) { return event_time{ms}; }

} // namespace

TEST_CASE("without records there is no watermark, and an idle stream keeps what it has") {
  watermark mark({milliseconds(5), {}});
  mark.begin(at(1'000));
  CHECK(mark.value() == earliest_event_time);
  CHECK_FALSE(mark.greatest().has_value());
  mark.observe(at(100));
  CHECK(mark.value() == at(95));
  mark.commit();
  mark.begin(at(2'000));
  CHECK(mark.value() == at(95));
  mark.commit();
  CHECK(mark.greatest() == at(100));
}

TEST_CASE("a watermark never moves back") {
  watermark mark({milliseconds(10), {}});
  mark.begin(at(0));
  for (const std::int64_t t : {-40, -50, 7, 3, -100})
    mark.observe(at(t));
  CHECK(mark.value() == at(-3));
  CHECK(mark.before() == earliest_event_time);
  mark.commit();
  mark.begin(at(1));
  CHECK(mark.before() == at(-3));
  mark.observe(at(6));
  mark.observe_greatest(std::nullopt);
  mark.observe_greatest(at(2));
  CHECK(mark.value() == at(-3));
  mark.observe_greatest(at(20));
  CHECK(mark.value() == at(10));
}

TEST_CASE("rollback, and beginning again, bring the last committed watermark back") {
  watermark mark({duration{}, {}});
  mark.begin(at(0));
  mark.observe(at(50));
  mark.rollback();
  CHECK(mark.value() == earliest_event_time);
  mark.begin(at(0));
  mark.observe(at(10));
  mark.commit();
  mark.begin(at(1));
  mark.observe(at(99));
  mark.begin(at(1));
  CHECK(mark.value() == at(10));
  mark.observe(at(11));
  mark.commit();
  CHECK(mark.value() == at(11));
}

TEST_CASE("a record too far ahead of its batch does not move the watermark") {
  watermark mark({milliseconds(10), milliseconds(100)});
  mark.begin(at(1'000));
  mark.observe(at(1'101));
  CHECK(mark.value() == earliest_event_time);
  mark.observe(at(900));
  mark.observe(latest_event_time);
  CHECK(mark.value() == at(890));
  CHECK(mark.ignored() == 2);
  mark.observe(at(1'100));
  CHECK(mark.value() == at(1'090));
  mark.commit();
  mark.begin(at(2'000));
  CHECK(mark.ignored() == 0);
  mark.observe(at(1'101));
  CHECK(mark.value() == at(1'091));
}

TEST_CASE("event times near the limits of 64 bits are held there") {
  watermark mark({milliseconds(10), seconds(1)});
  mark.begin(latest_event_time);
  mark.observe(earliest_event_time + milliseconds(4));
  CHECK(mark.value() == earliest_event_time);
  mark.observe(latest_event_time);
  CHECK(mark.value() == latest_event_time - milliseconds(10));
  watermark wide({duration{latest_event_time.ms()}, {}});
  wide.begin(at(0));
  wide.observe(at(-5));
  CHECK(wide.value() == earliest_event_time);
  wide.observe(latest_event_time);
  CHECK(wide.value() == at(0));
}

TEST_CASE("a restored watermark goes on where it was") {
  watermark mark({milliseconds(1), {}});
  mark.restore(at(77));
  CHECK(mark.before() == at(76));
  mark.begin(at(0));
  mark.observe(at(70));
  CHECK(mark.value() == at(76));
}

TEST_CASE("negative durations are refused by name") {
  CHECK_THROWS_WITH_AS(watermark({milliseconds(-1), {}}),
                       "assign_timestamps: max_out_of_orderness must not be negative, but is -1 ms",
                       stream_error);
  CHECK_THROWS_WITH_AS(watermark({duration{}, milliseconds(-2)}),
                       "assign_timestamps: max_ahead must not be negative, but is -2 ms",
                       stream_error);
}

TEST_CASE("sums and distances of event times saturate") {
  CHECK(saturating_add(at(3), milliseconds(4)) == at(7));
  CHECK(saturating_add(latest_event_time, milliseconds(1)) == latest_event_time);
  CHECK(saturating_add(earliest_event_time, milliseconds(-1)) == earliest_event_time);
  CHECK(saturating_subtract(earliest_event_time, milliseconds(1)) == earliest_event_time);
  CHECK(saturating_subtract(at(0), duration{earliest_event_time.ms()}) == latest_event_time);
  CHECK(distance(earliest_event_time, latest_event_time) == ~std::uint64_t{0});
}
