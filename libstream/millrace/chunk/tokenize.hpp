#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace millrace {

/// Where cutting a span of lines goes on: at byte `offset` of `lines[line]`. Starts at {0, 0}; all
/// lines are cut when `line` equals the number of lines.
struct line_cursor {
  std::size_t line = 0;
  std::size_t offset = 0;

  friend bool operator==(const line_cursor&, const line_cursor&) = default;
};

/// Cuts each line at every `separator`, as Java's `String.split` does for one character: empty
/// fields are kept, except those at the end of a line; the empty line is one empty field; a line of
/// nothing but separators has none.
///
/// Writes views into the lines to the front of `out`, moves `cursor` behind what it wrote, and
/// returns how many views it wrote. Stops when `out` is full or the lines are used up; call it
/// again with the same lines and cursor to go on. Reads only bytes of the lines and, where one line
/// begins right behind the byte that ended the one before it, that byte. Any byte value may occur.
/// Safe to call from any thread.
std::size_t split_fields(std::span<const std::string_view> lines, char separator,
                         line_cursor& cursor, std::span<std::string_view> out);

/// Cuts each line into words: the longest runs of bytes greater than ' ' as unsigned numbers.
/// Otherwise as `split_fields`.
std::size_t split_words(std::span<const std::string_view> lines, line_cursor& cursor,
                        std::span<std::string_view> out);

} // namespace millrace
