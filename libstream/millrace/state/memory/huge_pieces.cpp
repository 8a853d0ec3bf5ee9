#include "millrace/state/memory/huge_pieces.hpp"

#include "millrace/state/memory/piece_pool.hpp"

#include <array>
#include <bit>
#include <utility>

namespace millrace::detail {

namespace {

constexpr std::size_t sizes =
    std::countr_zero(most_huge_piece) - std::countr_zero(least_huge_piece) + 1;

template <std::size_t... I>
std::array<piece_pool, sizes> make_pools(std::index_sequence<I...>) {
  return {piece_pool(least_huge_piece << I)...};
}

/// Never destroyed: pieces may be given back by what is destroyed after any static object.
piece_pool& pool_of(std::size_t bytes) {
  static auto& pools = *new auto(make_pools(std::make_index_sequence<sizes>{}));
  const auto size = std::bit_ceil(bytes);
  return pools[static_cast<std::size_t>(std::countr_zero(size / least_huge_piece))];
}

} // namespace

void* take_huge_piece(std::size_t bytes) { return pool_of(bytes).take(); }

void give_huge_piece_back(void* piece, std::size_t bytes) noexcept {
  pool_of(bytes).give_back(piece);
}

} // namespace millrace::detail
