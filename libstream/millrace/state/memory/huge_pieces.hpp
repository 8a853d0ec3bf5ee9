#pragma once

#include <cstddef>

namespace millrace::detail {

/// Pieces of huge pages (`piece_pool`) for many small arrays that grow: one pool of the process for
/// each power of two of bytes. Worth it only for arrays that together take many megabytes, as a
/// page of 2 MiB stays held for each size that has ever been used. Any thread.
inline constexpr std::size_t least_huge_piece = 256;
inline constexpr std::size_t most_huge_piece = std::size_t{256} << 10;

/// Whether there are pieces of `bytes` or somewhat more.
constexpr bool is_huge_piece(std::size_t bytes) {
  return bytes >= least_huge_piece && bytes <= most_huge_piece;
}

/// Aligned to 64 bytes. Throws std::bad_alloc.
void* take_huge_piece(std::size_t bytes);
/// `bytes` as it was taken.
void give_huge_piece_back(void* piece, std::size_t bytes) noexcept;

} // namespace millrace::detail
