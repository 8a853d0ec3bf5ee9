#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::bench {

/// How many lines a filter let through, and a sum over their bytes' places that two filters share
/// only if they let the same lines through.
struct filter_result {
  std::size_t lines = 0;
  std::uint64_t checksum = 0;

  void add(std::string_view line, const char* begin_of_text) {
    ++lines;
    checksum += static_cast<std::uint64_t>(line.data() - begin_of_text) * 31 + line.size();
  }

  friend bool operator==(const filter_result&, const filter_result&) = default;
};

/// The filter as one would write it by hand: finds each line's end with memchr, then asks whether
/// the line contains `needle` (memmem).
filter_result filter_plain(std::string_view text, std::string_view needle);

/// The same as one thread would do it with no notion of records: searches the whole block for
/// `needle` and looks for the line around each hit. What a built-in text search is measured
/// against, not a filter with a user's predicate.
filter_result filter_block(std::string_view text, std::string_view needle);

} // namespace millrace::bench
