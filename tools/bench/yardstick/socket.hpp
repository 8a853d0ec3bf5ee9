#pragma once

#include "yardstick/word_count.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace millrace::bench {

/// A receiver by hand: reads 256 KiB at a time from the server at `port` to its end, finds the line
/// ends with memchr and notes where each line lies; returns the number of lines.
std::uint64_t socket_lines(std::uint16_t port);

using owned_counts = std::unordered_map<std::string, std::int64_t>;

/// A word count over a socket by hand, in one thread: fills a buffer of 16 MiB, counts its whole
/// lines with `count`, adds the distinct words to the total, and so on to the end.
owned_counts socket_words(std::uint16_t port, word_counts (*count)(std::string_view));

} // namespace millrace::bench
