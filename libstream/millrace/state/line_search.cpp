#include "millrace/state/line_search.hpp"

#include "millrace/state/line_match.hpp"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::detail {

namespace {

/// `match(line, bits, mask)`: bit i is set where slot i has these bits under the mask.
template <class Match>
[[gnu::always_inline]] inline std::uint32_t search(const index_table& table,
                                                   const std::uint64_t* hashes, std::size_t n,
                                                   std::uint32_t* likely, const Match& match) {
  const index_table in = table;
  std::uint32_t crowded = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const index_line& line = in.home(hashes[i]);
    const std::uint32_t hits = match(line, in.tag(hashes[i]), ~in.number_mask);
    if (hits == 0) [[unlikely]] {
      __builtin_prefetch(&line + 1);
      likely[i] = match(line, 0, ~std::uint32_t{0}) != 0 ? in.none : in.unsure;
      continue;
    }
    likely[i] = in.number(line[static_cast<std::size_t>(std::countr_zero(hits))]);
    crowded |= std::uint32_t{(hits & (hits - 1)) != 0} << i;
  }
  return crowded;
}

std::uint32_t search_portable(const index_table& table, const std::uint64_t* hashes, std::size_t n,
                              std::uint32_t* likely) {
  return search(table, hashes, n, likely, match_line_portably);
}

constexpr line_search portable{search_portable, "portable"};

#if defined(__x86_64__)

std::uint32_t search_sse2(const index_table& table, const std::uint64_t* hashes, std::size_t n,
                          std::uint32_t* likely) {
  return search(table, hashes, n, likely, match_line);
}

constexpr line_search sse2{search_sse2, "sse2"};

#pragma GCC push_options
#pragma GCC target("avx2,bmi")

std::uint32_t search_avx2(const index_table& table, const std::uint64_t* hashes, std::size_t n,
                          std::uint32_t* likely) {
  return search(table, hashes, n, likely,
                [](const index_line& in, std::uint32_t bits, std::uint32_t mask) {
                  const __m256i wanted = _mm256_set1_epi32(static_cast<int>(bits));
                  const __m256i under = _mm256_set1_epi32(static_cast<int>(mask));
                  const auto half = [&](int i) {
                    const auto* const at = reinterpret_cast<const __m256i*>(in.data()) + i;
                    const __m256i slots = _mm256_and_si256(_mm256_load_si256(at), under);
                    return static_cast<std::uint32_t>(
                        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(slots, wanted))));
                  };
                  return half(0) | half(1) << 8;
                });
}

#pragma GCC pop_options

constexpr line_search avx2{search_avx2, "avx2"};

#pragma GCC push_options
#pragma GCC target("avx512f,bmi")

std::uint32_t search_avx512(const index_table& table, const std::uint64_t* hashes, std::size_t n,
                            std::uint32_t* likely) {
  return search(table, hashes, n, likely,
                [](const index_line& in, std::uint32_t bits, std::uint32_t mask) -> std::uint32_t {
                  const __m512i under = _mm512_set1_epi32(static_cast<int>(mask));
                  const __m512i slots = _mm512_and_si512(_mm512_load_si512(in.data()), under);
                  return _mm512_cmpeq_epi32_mask(slots, _mm512_set1_epi32(static_cast<int>(bits)));
                });
}

#pragma GCC pop_options

constexpr line_search avx512{search_avx512, "avx512"};

#endif

const line_search* const every_search[] = {
#if defined(__x86_64__)
    &avx512, &avx2, &sse2,
#endif
    &portable};

bool runs_here([[maybe_unused]] const line_search& search) {
#if defined(__x86_64__)
  if (&search == &avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("bmi");
  if (&search == &avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#endif
  return true;
}

} // namespace

std::vector<const line_search*> runnable_line_searches() {
  std::vector<const line_search*> found;
  for (const line_search* search : every_search)
    if (runs_here(*search))
      found.push_back(search);
  return found;
}

const line_search& best_line_search() {
  static const line_search& best = *runnable_line_searches().front();
  return best;
}

} // namespace millrace::detail
