#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// Reads a span of time: a number and one of ms, s, m or min, h, d, in any case ("200ms", "1.5s",
/// "2m"). A bare number is milliseconds, as in Spark. Fractions must come out at whole
/// milliseconds. Negative, malformed and overflowing text is invalid_argument, with the text in the
/// message.
result<duration> parse_duration(std::string_view text);

/// Reads a number of bytes: a number and an optional unit, in any case. B is bytes; KiB, MiB, GiB,
/// TiB and, as in Spark, k, m, g, t are powers of 1024; kB, MB, GB, TB are powers of 1000. A bare
/// number is bytes. At most 2^63 - 1. Errors as for `parse_duration`.
result<std::uint64_t> parse_size(std::string_view text);

/// In the largest unit that is exact: "200ms", "90s", "2m". `parse_duration` reads it back, except
/// for a negative duration.
std::string format_duration(duration d);

/// In the largest power of 1024 that is exact: "64MiB", "1000B". `parse_size` reads it back.
std::string format_size(std::uint64_t n);

} // namespace millrace
