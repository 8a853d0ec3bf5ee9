#include "millrace/config/option_value.hpp"
#include "millrace/config/options.hpp"

#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

TEST_CASE("the table is consistent") {
  std::set<std::string_view> names;
  std::set<std::string> variables;
  for (const auto& o : all_options()) {
    CAPTURE(o.key);
    CHECK(names.insert(o.key).second);
    CHECK((o.spark_name.empty() || names.insert(o.spark_name).second));
    CHECK(variables.insert(environment_name(o)).second);
    CHECK(o.doc.ends_with('.'));
    CHECK(o.min <= o.max);
    CHECK((o.type == option_type::choice) == !o.choices.empty());
    const auto value = parse_option_value(o, o.default_text);
    REQUIRE(value);
    CHECK(parse_option_value(o, format_option_value(o, *value)) == value);
    CHECK_FALSE(describe_allowed(o).empty());
  }
}

TEST_CASE("an option is found by its key and by Spark's name") {
  const auto index = find_option("stream.block_interval");
  REQUIRE(index);
  CHECK(all_options()[*index].default_text == "200ms");
  CHECK(find_option("spark.streaming.blockInterval") == index);
  CHECK(find_option("spark.streaming.fileStream.minRememberDuration") ==
        find_option("files.min_remember"));
  for (const char* none : {"", "stream.Block_interval", "block_interval", "stream.block_interval "})
    CHECK_FALSE(find_option(none));
  CHECK(environment_name(all_options()[*index]) == "MILLRACE_STREAM_BLOCK_INTERVAL");
}

TEST_CASE("the nearest key is suggested") {
  struct row {
    const char* text;
    const char* expected;
  };
  for (const auto& [text, expected] :
       {row{"stream.blok_interval", "; did you mean 'stream.block_interval'?"},
        row{"stream.block-interval", "; did you mean 'stream.block_interval'?"},
        row{"Stream.Block_Interval", "; did you mean 'stream.block_interval'?"},
        row{"block_interval", "; did you mean 'stream.block_interval'?"},
        row{"spark.streaming.blockinterval", "; did you mean 'spark.streaming.blockInterval'?"},
        row{"matser", "; did you mean 'master'?"}, row{"log.levle", "; did you mean 'log.level'?"},
        row{"completely.different.thing.here", ""}, row{"x", ""}, row{"", ""}}) {
    CAPTURE(text);
    CHECK(suggest_key(text) == expected);
  }
  CHECK(suggest_key(std::string(100'000, 'm')).empty());
}

TEST_CASE("nearest prefers the fewest edits") {
  constexpr std::array<std::string_view, 3> words{"scatter", "gather", "master"};
  CHECK(nearest("gahter", words) == "gather");
  CHECK(nearest("scater", words) == "scatter");
  CHECK(nearest("zzz", words).empty());
  CHECK(nearest("gather", {}).empty());
}

} // namespace
