#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// Sixteen slots of a `line_index`, which one search looks at in one go.
struct alignas(64) index_line : std::array<std::uint32_t, 16> {};

/// What a search of a `line_index` reads; holds until the index changes.
struct index_table {
  static constexpr std::uint32_t none = 0xffffffffu;
  static constexpr std::uint32_t unsure = none - 1;

  const index_line* lines;
  std::size_t mask;          ///< The number of lines, less one.
  std::uint32_t number_mask; ///< The bits of a slot that hold the number of an entry, plus one.

  const index_line& home(std::uint64_t hash) const { return lines[hash & mask]; }

  /// Bits from the middle of the hash, where a slot has no number: the low bits choose the line,
  /// the highest chose the partition. Never those of a free slot, which is zero.
  std::uint32_t tag(std::uint64_t hash) const {
    const std::uint32_t bits = static_cast<std::uint32_t>(hash >> 16) & ~number_mask;
    return bits != 0 ? bits : number_mask + 1;
  }
  std::uint32_t number(std::uint32_t slot) const { return (slot & number_mask) - 1; }
};

/// The part of looking up many keys that wants vector instructions, in one version per instruction
/// set.
struct line_search {
  /// Hashes of one call.
  static constexpr std::size_t most = 16;

  /// For each of `hashes[0, n)`, `n` at most `most`, the number of an entry that very likely has
  /// this hash; or `none`, which is certain; or `unsure`. In the answer bit i is set where the
  /// home line of hash i holds other candidates.
  std::uint32_t (*find_likely)(const index_table& table, const std::uint64_t* hashes, std::size_t n,
                               std::uint32_t* likely);
  const char* name;
};

/// All that this processor runs, the widest first; the last is plain C++. They agree on every
/// input.
std::vector<const line_search*> runnable_line_searches();

/// The widest; chosen once.
const line_search& best_line_search();

} // namespace millrace::detail
