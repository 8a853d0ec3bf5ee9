#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::detail {

/// Which bytes of a word belong to a text of 0 to 8 bytes.
inline constexpr std::array<std::uint64_t, 9> low_bytes = [] {
  std::array<std::uint64_t, 9> masks{};
  for (unsigned size = 0; size < 8; ++size)
    masks[size] = (std::uint64_t{1} << (8 * size)) - 1;
  masks[8] = ~std::uint64_t{0};
  return masks;
}();

inline std::uint64_t load_word(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

/// Reads 8 bytes where the caller owns at least the first. The others may belong to somebody else
/// and are masked away by the caller, so checkers of bounds and races must look away, and the
/// compiler must not reason about the object at `p`.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline std::uint64_t
load_word_within_page(const char* p) {
  asm("" : "+r"(p));
  std::uint64_t word;
  __builtin_memcpy(&word, p, sizeof(word));
  return word;
}

/// The `size` (1 to 8) bytes at `p`, zero padded, without a branch on the size. Reads behind them
/// only where that cannot fault: in the same page.
inline std::uint64_t load_short(const char* p, std::size_t size) {
  constexpr std::uintptr_t smallest_page = 4096;
  if ((reinterpret_cast<std::uintptr_t>(p) & (smallest_page - 1)) <= smallest_page - 8) [[likely]]
    return load_word_within_page(p) & low_bytes[size];
  std::uint64_t word = 0;
  std::memcpy(&word, p, size);
  return word;
}

/// Equality made for keys: up to 16 bytes without a call or a loop.
inline bool same_text(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size())
    return false;
  if (size - 1 < 8)
    return load_short(a.data(), size) == load_short(b.data(), size);
  if (size <= 16)
    return size == 0 || ((load_word(a.data()) ^ load_word(b.data())) |
                         (load_word(a.data() + size - 8) ^ load_word(b.data() + size - 8))) == 0;
  return std::memcmp(a.data(), b.data(), size) == 0;
}

} // namespace millrace::detail
