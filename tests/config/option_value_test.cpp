#include "millrace/config/option_value.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

const option& option_of(std::string_view key) { return all_options()[find_option(key).value()]; }

TEST_CASE("texts become values of the option's type") {
  struct row {
    const char* key;
    const char* text;
    option_value expected;
  };
  for (const auto& [key, text, expected] :
       {row{"app.name", " my job ", std::string{"my job"}},
        row{"master", "local[2]", std::string{"local[2]"}},
        row{"stream.block_interval", "1.5s", std::int64_t{1'500}},
        row{"stream.block_interval", "50", std::int64_t{50}},
        row{"stream.max_block_bytes", "64k", std::int64_t{65'536}},
        row{"stream.batches_in_flight", "3", std::int64_t{3}},
        row{"stream.receiver_max_rate", "-1", std::int64_t{0}},
        row{"stream.receiver_max_rate", "9223372036854775807",
            std::int64_t{9'223'372'036'854'775'807}},
        row{"stream.delay_warning", "1e-1", 0.1}, row{"stream.delay_warning", "0", 0.0},
        row{"stream.on_batch_failure", "Skip", std::string{"skip"}},
        row{"stop.handle_signals", "No", false}, row{"stop.handle_signals", "ON", true},
        row{"stop.handle_signals", "1", true}}) {
    CAPTURE(key);
    CAPTURE(text);
    const auto value = parse_option_value(option_of(key), text);
    REQUIRE(value);
    CHECK((*value == expected));
  }
}

TEST_CASE("a wrong text is refused with the key, the text and what is allowed") {
  struct row {
    const char* key;
    const char* text;
    const char* allowed;
  };
  for (const auto& [key, text, allowed] :
       {row{"app.name", "", "text that is not empty"},
        row{"stream.block_interval", "0", "should be a positive value"},
        row{"stream.block_interval", "-1s", "should be a positive value"},
        row{"stream.block_interval", "fast", "a duration from 1ms to 1000d, such as 200ms"},
        row{"stream.block_interval", "2000d", "a duration from 1ms to 1000d"},
        row{"stream.max_block_bytes", "0", "a size from 1B to 1GiB"},
        row{"stream.block_store_bytes", "0", "a size above 0"},
        row{"stream.batches_in_flight", "0", "an integer from 1 to 1024"},
        row{"stream.batches_in_flight", "2.5", "an integer from 1 to 1024"},
        row{"stream.batches_in_flight", "two", "an integer from 1 to 1024"},
        row{"stream.batches_in_flight", "99999999999999999999", "an integer from 1 to 1024"},
        row{"state.hash_seed", "-1", "an integer of at least 0"},
        row{"stream.delay_warning", "nan", "a number from 0"},
        row{"stream.delay_warning", "inf", "a number from 0"},
        row{"stream.delay_warning", "-0.5", "a number from 0"},
        row{"stream.delay_warning", "1x", "a number from 0"},
        row{"stop.handle_signals", "maybe", "true or false"},
        row{"stream.on_batch_failure", "stop|skip", "stop or skip"},
        row{"stream.on_batch_failure", "", "stop or skip"},
        row{"log.level", "sto", "trace or debug or info or warning or error or off"}}) {
    CAPTURE(key);
    CAPTURE(text);
    const auto value = parse_option_value(option_of(key), text);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == errc::invalid_argument);
    const auto& message = value.error().message;
    CAPTURE(message);
    CHECK(message.starts_with("option '" + std::string{key} + "' is '" + text + "'"));
    CHECK(message.find(allowed) != std::string::npos);
  }
}

TEST_CASE("a cluster master keeps its own code") {
  const auto value = parse_option_value(option_of("master"), "caf://head:7077");
  REQUIRE_FALSE(value);
  CHECK(value.error().code == errc::unsupported);
}

} // namespace
