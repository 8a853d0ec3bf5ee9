#include "millrace/chunk/tokenize.hpp"

#include "millrace/chunk/kernel/byte_class.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace millrace {

namespace {

constexpr std::size_t window_bytes = 2048;

/// Bytes that are cut together: a part of one line, or whole lines of which each begins one byte
/// behind the end of the one before.
struct stretch {
  const char* begin;
  std::size_t size;
  bool ends_line;   ///< ends where a line ends; otherwise `size` is a multiple of 64
  line_cursor next; ///< behind it
};

/// The working memory of one call: bit i of `masks` and the positions in `at` count from the
/// stretch's begin.
struct window {
  std::array<std::uint64_t, window_bytes / 64 + 1> masks;
  std::array<std::uint16_t, window_bytes + detail::list_slack + 2> at;

  void erase(std::size_t size) { std::fill_n(masks.begin(), size / 64 + 1, 0); }
  void set(std::size_t bit) { masks[bit / 64] |= std::uint64_t{1} << (bit % 64); }
};

/// No more bytes than are likely to fill `room` views: what is looked at behind them is looked at
/// in vain.
std::size_t bytes_for(std::size_t room) {
  return room >= window_bytes / 8 ? window_bytes : std::max<std::size_t>(256, room * 8 / 64 * 64);
}

/// Where `place`, the begin of a field, lies in the lines from `first` on.
line_cursor locate(std::span<const std::string_view> lines, std::size_t first, const char* place) {
  while (place < lines[first].data() || place > lines[first].data() + lines[first].size())
    ++first;
  return {first, static_cast<std::size_t>(place - lines[first].data())};
}

/// Takes the rest of one line, up to `end` of it, then following lines while `joins(end of line,
/// next line)`.
template <class Joins>
stretch take_stretch(std::span<const std::string_view> lines, line_cursor from, std::size_t end,
                     std::size_t most, Joins joins) {
  const std::string_view first = lines[from.line];
  stretch s{first.data() + from.offset, end - from.offset, true, {from.line + 1, 0}};
  if (s.size > most)
    return {s.begin, most, false, {from.line, from.offset + most}};
  if (end != first.size())
    return s;
  while (s.next.line < lines.size()) {
    const std::string_view next = lines[s.next.line];
    const char* const gap = s.begin + s.size;
    if (next.data() != gap + 1 || s.size + 1 + next.size() > most || !joins(gap, next))
      break;
    s.size += 1 + next.size();
    ++s.next.line;
  }
  return s;
}

/// Turns marks of word bytes into marks of the bytes where a word begins or has ended. With `open`,
/// a word is already under way at the first byte.
void mark_edges(std::uint64_t* masks, std::size_t words, bool open) {
  std::uint64_t carry = open;
  for (std::size_t w = 0; w < words; ++w) {
    const std::uint64_t mask = masks[w];
    masks[w] = mask ^ ((mask << 1) | carry);
    carry = mask >> 63;
  }
}

} // namespace

std::size_t split_words(std::span<const std::string_view> lines, line_cursor& cursor,
                        std::span<std::string_view> out) {
  const detail::byte_kernels& kernels = detail::best_byte_kernels();
  window scan;
  std::size_t written = 0;
  const char* open = nullptr; // begin of a word that reaches into the next stretch
  while (written < out.size() && cursor.line < lines.size()) {
    const std::size_t room = out.size() - written;
    const stretch s = take_stretch(
        lines, cursor, lines[cursor.line].size(), bytes_for(room),
        [](const char* gap, std::string_view) { return static_cast<unsigned char>(*gap) <= ' '; });
    const std::size_t words = s.size / 64 + s.ends_line;
    scan.erase(s.size);
    kernels.above_space(s.begin, s.size, scan.masks.data());
    mark_edges(scan.masks.data(), words, open != nullptr);
    std::size_t edges = kernels.list_bits(scan.masks.data(), words, scan.at.data());
    const std::uint16_t* at = scan.at.data();
    if (open && edges > 0) {
      out[written++] = {open, static_cast<std::size_t>(s.begin + *at++ - open)};
      open = nullptr;
      --edges;
    }
    const std::size_t taken = std::min(edges / 2, out.size() - written);
    for (std::size_t i = 0; i < taken; ++i)
      out[written + i] = {s.begin + at[2 * i], static_cast<std::size_t>(at[2 * i + 1] - at[2 * i])};
    written += taken;
    if (written == out.size() && edges > 2 * taken) {
      cursor = locate(lines, cursor.line, s.begin + at[2 * taken]);
      return written;
    }
    if (edges % 2 != 0)
      open = s.begin + at[edges - 1];
    cursor = s.next;
  }
  return written;
}

std::size_t split_fields(std::span<const std::string_view> lines, char separator,
                         line_cursor& cursor, std::span<std::string_view> out) {
  const detail::byte_kernels& kernels = detail::best_byte_kernels();
  window scan;
  std::size_t written = 0;
  const char* open = nullptr; // begin of a field that reaches into the next stretch
  while (written < out.size() && cursor.line < lines.size()) {
    const std::string_view line = lines[cursor.line];
    const std::size_t end = line.find_last_not_of(separator) + 1; // empty fields at the end go
    if (end == 0 && !line.empty()) {
      cursor = {cursor.line + 1, 0};
      continue;
    }
    const std::size_t room = out.size() - written;
    scan.erase(window_bytes);
    const char* const begin = line.data() + cursor.offset;
    const stretch s = take_stretch(lines, cursor, end, bytes_for(room),
                                   [&](const char* gap, std::string_view next) {
                                     if (!next.empty() && next.back() == separator)
                                       return false;
                                     scan.set(static_cast<std::size_t>(gap - begin));
                                     return true;
                                   });
    kernels.equal_to(s.begin, s.size, separator, scan.masks.data());
    if (s.ends_line)
      scan.set(s.size);
    const std::size_t fields =
        kernels.list_bits(scan.masks.data(), s.size / 64 + s.ends_line, scan.at.data());
    const char* field = open ? open : s.begin;
    const std::size_t taken = std::min(fields, room);
    for (std::size_t i = 0; i < taken; ++i) {
      const char* const stop = s.begin + scan.at[i];
      out[written + i] = {field, static_cast<std::size_t>(stop - field)};
      field = stop + 1;
    }
    written += taken;
    if (taken < fields || (written == out.size() && !s.ends_line)) {
      cursor = locate(lines, cursor.line, field);
      return written;
    }
    open = s.ends_line ? nullptr : field;
    cursor = s.next;
  }
  return written;
}

} // namespace millrace
