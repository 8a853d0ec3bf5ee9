#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// The parts of cutting text that want vector instructions, in one version per instruction set.
struct byte_kernels {
  /// Marks the bytes equal to `wanted`: ORs bit i % 64 of `masks[i / 64]` for byte i of `data[0,
  /// size)`; touches (size + 63) / 64 words and reads no byte outside `data[0, size)`.
  void (*equal_to)(const char* data, std::size_t size, char wanted, std::uint64_t* masks);
  /// Marks the bytes greater than ' ' as unsigned numbers, in the same way.
  void (*above_space)(const char* data, std::size_t size, std::uint64_t* masks);
  /// Lists the positions of the bits set in `masks[0, words)`, ascending, and returns how many;
  /// `words` is at most 1,024, and `at` needs room for `list_slack` positions more.
  std::size_t (*list_bits)(const std::uint64_t* masks, std::size_t words, std::uint16_t* at);
  const char* name;
};

inline constexpr std::size_t list_slack = 64;

/// All that this processor runs, the widest first; the last is plain C++. They agree on every
/// input.
std::vector<const byte_kernels*> runnable_byte_kernels();

/// The widest; chosen once.
const byte_kernels& best_byte_kernels();

} // namespace millrace::detail
