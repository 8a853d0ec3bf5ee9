#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

/// What kind of value an option takes, and so how its text is read.
enum class option_type { text, integer, real, boolean, duration, size, choice, master };

/// One row of the options table: everything there is to know about an option. Rows are constants
/// that live as long as the program.
struct option {
  std::string_view key;
  /// Spark's name for the same thing; empty when Spark has none.
  std::string_view spark_name;
  option_type type;
  /// Written as a user would write it.
  std::string_view default_text;
  /// One sentence: what it does, its unit, what larger costs, what 0 means.
  std::string_view doc;
  /// Allowed values, both ends included: numbers as they are, durations in ms, sizes in bytes.
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  /// For a choice: the allowed words, with | between them.
  std::string_view choices = {};
  /// Numbers below `min` count as `min` instead of being refused, where Spark's users write -1.
  bool raise_to_min = false;
};

/// All options, sorted by group as in the documentation.
std::span<const option> all_options() noexcept;

/// The place in `all_options()` of the option with this key or Spark name.
std::optional<std::size_t> find_option(std::string_view key) noexcept;

/// The environment variable of an option: "MILLRACE_STREAM_BLOCK_INTERVAL".
std::string environment_name(const option& o);

/// The candidate closest to `text` by edit distance, ignoring case; an empty view when none is
/// close enough to be what was meant. A dotted candidate may also match by its last part alone.
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

/// "; did you mean 'X'?" with the nearest option key or Spark name, or empty text.
std::string suggest_key(std::string_view text);

} // namespace millrace
