#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::detail {

/// The bytes of a text of up to 16 bytes, zero padded, as two little-endian words.
struct short_text {
  std::uint64_t first;
  std::uint64_t second;
};

inline constexpr std::array<short_text, 17> short_text_masks = [] {
  std::array<short_text, 17> masks{};
  constexpr std::uint64_t all = ~std::uint64_t{0};
  for (unsigned size = 0; size <= 16; ++size) {
    masks[size].first = size >= 8 ? all : ~(all << (8 * size));
    masks[size].second = size <= 8 ? 0 : size == 16 ? all : ~(all << (8 * (size - 8)));
  }
  return masks;
}();

/// True when 16 bytes at `p` lie in one memory page, so that reading them cannot fault if one of them is readable.
inline bool sixteen_in_page(const char* p) {
  constexpr std::uintptr_t smallest_page = 4096;
  return (reinterpret_cast<std::uintptr_t>(p) & (smallest_page - 1)) <= smallest_page - 16;
}

/// Reads 16 bytes of which only the caller's own survive its mask. The bytes behind a text may belong to somebody else,
/// so checkers of bounds and races are told to look away, and the compiler may not reason about the object at `p`.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline short_text
read_sixteen(const char* p) {
  asm("" : "+r"(p));
  short_text words;
  __builtin_memcpy(&words, p, sizeof(words));
  return words;
}

/// `text` has at most 16 bytes.
inline short_text load_short_text(std::string_view text) {
  if (sixteen_in_page(text.data()) && !text.empty()) [[likely]] {
    const short_text words = read_sixteen(text.data());
    const short_text& mask = short_text_masks[text.size()];
    return {words.first & mask.first, words.second & mask.second};
  }
  short_text words{};
  if (!text.empty())
    std::memcpy(&words, text.data(), text.size());
  return words;
}

/// Equality made for keys: no branch on the length of a short text.
inline bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size())
    return false;
  if (a.size() > 16) [[unlikely]]
    return std::memcmp(a.data(), b.data(), a.size()) == 0;
  const short_text x = load_short_text(a);
  const short_text y = load_short_text(b);
  return ((x.first ^ y.first) | (x.second ^ y.second)) == 0;
}

}  // namespace millrace::detail
