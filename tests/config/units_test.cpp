#include "millrace/base/random.hpp"
#include "millrace/config/units.hpp"
#include "support/seed.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

constexpr auto largest = std::numeric_limits<std::int64_t>::max();

TEST_CASE("durations are read in every unit") {
  struct row {
    const char* text;
    std::int64_t ms;
  };
  for (const auto& [text, ms] :
       {row{"200ms", 200}, row{"200", 200}, row{"0", 0}, row{"0s", 0}, row{"1s", 1'000},
        row{"1.5s", 1'500}, row{"0.001s", 1}, row{"1.500000s", 1'500}, row{"2m", 120'000},
        row{"2min", 120'000}, row{"1h", 3'600'000}, row{"1d", 86'400'000}, row{"0.5d", 43'200'000},
        row{"2MIN", 120'000}, row{"3S", 3'000}, row{" 200 ms ", 200}, row{"007s", 7'000},
        row{"9223372036854775807", largest}, row{"1.0", 1}}) {
    CAPTURE(text);
    const auto read = parse_duration(text);
    REQUIRE(read);
    CHECK(read->ms() == ms);
  }
}

TEST_CASE("sizes are read in binary, decimal and Spark's units") {
  struct row {
    const char* text;
    std::uint64_t bytes;
  };
  for (const auto& [text, bytes] : {row{"0", 0},
                                    row{"1000", 1'000},
                                    row{"1000B", 1'000},
                                    row{"64MiB", 67'108'864},
                                    row{"64MB", 64'000'000},
                                    row{"64mb", 64'000'000},
                                    row{"64m", 67'108'864},
                                    row{"64M", 67'108'864},
                                    row{"4k", 4'096},
                                    row{"4kb", 4'000},
                                    row{"1KiB", 1'024},
                                    row{"1g", 1'073'741'824},
                                    row{"1GB", 1'000'000'000},
                                    row{"2TiB", 2'199'023'255'552},
                                    row{"1.5k", 1'536},
                                    row{"0.5MiB", 524'288},
                                    row{"1.123456789TB", 1'123'456'789'000},
                                    row{"0.0009765625k", 1},
                                    row{"1 MiB", 1'048'576},
                                    row{"8388607TiB", 8'388'607ULL << 40U}}) {
    CAPTURE(text);
    const auto read = parse_size(text);
    REQUIRE(read);
    CHECK(*read == bytes);
  }
}

TEST_CASE("what is no quantity is refused with the text and the reason") {
  struct row {
    const char* text;
    const char* reason;
  };
  for (const auto& [text, reason] : {row{"", "write a number and a unit"},
                                     row{"s", "write a number and a unit"},
                                     row{".5s", "write a number and a unit"},
                                     row{"1.s", "write a number and a unit"},
                                     row{"fast", "write a number and a unit"},
                                     row{"+1s", "write a number and a unit"},
                                     row{"1 week", "the unit is unknown"},
                                     row{"1us", "the unit is unknown"},
                                     row{"1s2", "the unit is unknown"},
                                     row{"1e3", "the unit is unknown"},
                                     row{"1.2.3s", "the unit is unknown"},
                                     row{"-1s", "must not be negative"},
                                     row{"-0", "must not be negative"},
                                     row{"1.5ms", "whole milliseconds"},
                                     row{"1.0005s", "whole milliseconds"},
                                     row{"0.33333333333333333333d", "whole milliseconds"},
                                     row{"9223372036854775808", "at most 9223372036854775807"},
                                     row{"106751991168d", "at most 9223372036854775807"},
                                     row{"99999999999999999999999s", "at most 9223372036854775807"},
                                     row{"9223372036854775.808s", "at most 9223372036854775807"}}) {
    CAPTURE(text);
    const auto read = parse_duration(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::invalid_argument);
    CHECK(read.error().message.find("'" + std::string{text} + "' is not a duration") !=
          std::string::npos);
    CHECK(read.error().message.find(reason) != std::string::npos);
  }
  for (const char* text :
       {"", "-1", "1.5", "0.1k", "1ms", "8388608TiB", "MiB", "9223372036854775808"}) {
    CAPTURE(text);
    const auto read = parse_size(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find("'" + std::string{text} + "' is not a size") !=
          std::string::npos);
  }
}

TEST_CASE("quantities print in the largest exact unit") {
  CHECK(format_duration(duration{0}) == "0ms");
  CHECK(format_duration(duration{200}) == "200ms");
  CHECK(format_duration(duration{90'000}) == "90s");
  CHECK(format_duration(duration{120'000}) == "2m");
  CHECK(format_duration(duration{172'800'000}) == "2d");
  CHECK(format_duration(duration{-1'000}) == "-1000ms");
  CHECK(format_size(0) == "0B");
  CHECK(format_size(1'000) == "1000B");
  CHECK(format_size(4'194'304) == "4MiB");
  CHECK(format_size(1'536) == "1536B");
}

TEST_CASE("what is printed is read back") {
  seeded_random random{test::seed()};
  for (int i = 0; i < 20'000; ++i) {
    const auto value = random.next() >> (1 + random.below(63));
    const duration d{static_cast<std::int64_t>(value)};
    REQUIRE(parse_duration(format_duration(d)) == d);
    REQUIRE(parse_size(format_size(value)) == value);
    REQUIRE(parse_duration(to_string(d)) == d);
  }
}

TEST_CASE("no text breaks the reader") {
  seeded_random random{test::seed()};
  constexpr std::string_view letters = "0123456789.-+ smhdkgtMiBbe\t\0";
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (auto n = random.below(24); n > 0; --n)
      text += letters[random.below(letters.size())];
    const auto span = parse_duration(text);
    REQUIRE((!span || span->ms() >= 0));
    (void)parse_size(text);
  }
}

} // namespace
