#pragma once

#include "millrace/base/error.hpp"
#include "millrace/config/options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace millrace {

/// A checked value: text for text, choice and master; int64 for integers, durations (ms) and sizes
/// (bytes); double for reals; bool for booleans.
using option_value = std::variant<std::string, std::int64_t, double, bool>;

/// Reads `text` as the option wants it. invalid_argument (or unsupported, for a master) names the
/// option, the text and what is allowed.
result<option_value> parse_option_value(const option& o, std::string_view text);

/// As a user would write it; `parse_option_value` reads it back.
std::string format_option_value(const option& o, const option_value& value);

/// What the option takes, in words: "an integer from 1 to 1024".
std::string describe_allowed(const option& o);

} // namespace millrace
