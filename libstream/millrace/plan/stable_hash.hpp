#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// FNV-1a with 64 bits over texts and numbers, each text behind its length, so that ("ab", "c") and
/// ("a", "bc") differ. Its values go into uids, which outlive the process and the build: they may
/// never change. Not for hash tables, and no defence against chosen input.
class stable_hash {
public:
  constexpr stable_hash& add(std::string_view text) noexcept {
    add(static_cast<std::uint64_t>(text.size()));
    for (const char c : text)
      add_byte(static_cast<unsigned char>(c));
    return *this;
  }

  /// The eight bytes of the number, the lowest first.
  constexpr stable_hash& add(std::uint64_t number) noexcept {
    for (unsigned shift = 0; shift < 64; shift += 8)
      add_byte(static_cast<unsigned char>(number >> shift));
    return *this;
  }

  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

private:
  constexpr void add_byte(unsigned char byte) noexcept {
    value_ = (value_ ^ byte) * 0x00000100000001b3ULL;
  }

  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

} // namespace millrace
