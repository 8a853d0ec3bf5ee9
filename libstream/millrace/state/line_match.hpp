#pragma once

#include "millrace/state/line_search.hpp"

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::detail {

/// Bit i is set where slot i has these bits under the mask.
[[gnu::always_inline]] inline std::uint32_t
match_line_portably(const index_line& in, std::uint32_t bits, std::uint32_t mask) {
  std::uint32_t hits = 0;
  for (std::size_t i = 0; i < in.size(); ++i)
    hits |= std::uint32_t{(in[i] & mask) == bits} << i;
  return hits;
}

/// As above, with what every processor of the kind compiled for has.
[[gnu::always_inline]] inline std::uint32_t match_line(const index_line& in, std::uint32_t bits,
                                                       std::uint32_t mask) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(bits));
  const __m128i under = _mm_set1_epi32(static_cast<int>(mask));
  const auto* const parts = reinterpret_cast<const __m128i*>(in.data());
  const auto equal = [&](int i) {
    return _mm_cmpeq_epi32(_mm_and_si128(_mm_load_si128(parts + i), under), wanted);
  };
  return static_cast<std::uint32_t>(_mm_movemask_epi8(
      _mm_packs_epi16(_mm_packs_epi32(equal(0), equal(1)), _mm_packs_epi32(equal(2), equal(3)))));
#else
  return match_line_portably(in, bits, mask);
#endif
}

} // namespace millrace::detail
