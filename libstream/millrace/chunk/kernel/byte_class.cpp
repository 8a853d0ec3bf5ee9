#include "millrace/chunk/kernel/byte_class.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::detail {

namespace {

/// Runs `mark(64 readable bytes) -> mask` over data[0, size). The last, partial block is read as
/// the last 64 bytes, or from a copy when there are not as many.
template <class Mark>
[[gnu::always_inline]] inline void mark_blocks(const char* data, std::size_t size,
                                               std::uint64_t* masks, const Mark& mark) {
  std::size_t at = 0;
  for (; at + 64 <= size; at += 64)
    *masks++ |= mark(data + at);
  const std::size_t rest = size - at;
  if (rest == 0)
    return;
  if (size >= 64) {
    *masks |= mark(data + size - 64) >> (64 - rest);
  } else {
    char copy[64];
    std::memcpy(copy, data, rest);
    std::memset(copy + rest, 0, 64 - rest);
    *masks |= mark(copy) & ~(~std::uint64_t{0} << rest);
  }
}

void equal_portable(const char* data, std::size_t size, char wanted, std::uint64_t* masks) {
  for (std::size_t i = 0; i < size; ++i)
    masks[i / 64] |= static_cast<std::uint64_t>(data[i] == wanted) << (i % 64);
}

void above_portable(const char* data, std::size_t size, std::uint64_t* masks) {
  for (std::size_t i = 0; i < size; ++i)
    masks[i / 64] |= static_cast<std::uint64_t>(static_cast<unsigned char>(data[i]) > ' ')
                     << (i % 64);
}

/// Eight positions at a time, some in vain: cheaper than the mispredicted end of an exact loop.
[[gnu::always_inline]] inline std::size_t list_by_eights(const std::uint64_t* masks,
                                                         std::size_t words, std::uint16_t* at) {
  std::uint16_t* out = at;
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t bits = masks[w];
    const int count = std::popcount(bits);
    for (int done = 0; done < count; done += 8)
      for (int i = 0; i < 8; ++i) {
        out[done + i] = static_cast<std::uint16_t>(w * 64 + std::countr_zero(bits));
        bits &= bits - 1;
      }
    out += count;
  }
  return static_cast<std::size_t>(out - at);
}

std::size_t list_portable(const std::uint64_t* masks, std::size_t words, std::uint16_t* at) {
  return list_by_eights(masks, words, at);
}

constexpr byte_kernels portable{equal_portable, above_portable, list_portable, "portable"};

#if defined(__x86_64__)

void equal_sse2(const char* data, std::size_t size, char wanted, std::uint64_t* masks) {
  mark_blocks(data, size, masks, [x = _mm_set1_epi8(wanted)](const char* p) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p) + i);
      mask |= static_cast<std::uint64_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, x))) << (16 * i);
    }
    return mask;
  });
}

void above_sse2(const char* data, std::size_t size, std::uint64_t* masks) {
  mark_blocks(data, size, masks, [x = _mm_set1_epi8(' ' + 1)](const char* p) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p) + i);
      const __m128i above = _mm_cmpeq_epi8(_mm_max_epu8(bytes, x), bytes);
      mask |= static_cast<std::uint64_t>(_mm_movemask_epi8(above)) << (16 * i);
    }
    return mask;
  });
}

constexpr byte_kernels sse2{equal_sse2, above_sse2, list_portable, "sse2"};

#pragma GCC push_options
#pragma GCC target("avx2,bmi,popcnt")

void equal_avx2(const char* data, std::size_t size, char wanted, std::uint64_t* masks) {
  mark_blocks(data, size, masks, [x = _mm256_set1_epi8(wanted)](const char* p) {
    const auto half = [&](const char* q) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
      return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, x)));
    };
    return half(p) | (static_cast<std::uint64_t>(half(p + 32)) << 32);
  });
}

void above_avx2(const char* data, std::size_t size, std::uint64_t* masks) {
  mark_blocks(data, size, masks, [x = _mm256_set1_epi8(' ' + 1)](const char* p) {
    const auto half = [&](const char* q) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
      const __m256i above = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, x), bytes);
      return static_cast<std::uint32_t>(_mm256_movemask_epi8(above));
    };
    return half(p) | (static_cast<std::uint64_t>(half(p + 32)) << 32);
  });
}

std::size_t list_bmi(const std::uint64_t* masks, std::size_t words, std::uint16_t* at) {
  return list_by_eights(masks, words, at);
}

#pragma GCC pop_options

constexpr byte_kernels avx2{equal_avx2, above_avx2, list_bmi, "avx2"};

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vbmi2,popcnt")

void equal_avx512(const char* data, std::size_t size, char wanted, std::uint64_t* masks) {
  mark_blocks(data, size, masks, [x = _mm512_set1_epi8(wanted)](const char* p) -> std::uint64_t {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), x);
  });
}

void above_avx512(const char* data, std::size_t size, std::uint64_t* masks) {
  mark_blocks(data, size, masks, [x = _mm512_set1_epi8(' ')](const char* p) -> std::uint64_t {
    return _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(p), x);
  });
}

std::size_t list_avx512(const std::uint64_t* masks, std::size_t words, std::uint16_t* at) {
  alignas(64) static constexpr auto numbers = [] {
    std::array<char, 64> all{};
    for (std::size_t i = 0; i < 64; ++i)
      all[i] = static_cast<char>(i);
    return all;
  }();
  const __m512i every = _mm512_load_si512(numbers.data());
  std::uint16_t* out = at;
  for (std::size_t w = 0; w < words; ++w) {
    const std::uint64_t bits = masks[w];
    const __m512i base = _mm512_set1_epi16(static_cast<short>(w * 64));
    const __m512i listed = _mm512_maskz_compress_epi8(bits, every);
    const __m512i low = _mm512_cvtepu8_epi16(_mm512_maskz_extracti64x4_epi64(0xff, listed, 0));
    _mm512_storeu_si512(out, _mm512_add_epi16(low, base));
    const int count = __builtin_popcountll(bits);
    if (count > 32) {
      const __m512i high = _mm512_cvtepu8_epi16(_mm512_maskz_extracti64x4_epi64(0xff, listed, 1));
      _mm512_storeu_si512(out + 32, _mm512_add_epi16(high, base));
    }
    out += count;
  }
  return static_cast<std::size_t>(out - at);
}

#pragma GCC pop_options

constexpr byte_kernels avx512{equal_avx512, above_avx512, list_avx512, "avx512"};

#endif

const byte_kernels* const every_kernels[] = {
#if defined(__x86_64__)
    &avx512, &avx2, &sse2,
#endif
    &portable};

bool runs_here([[maybe_unused]] const byte_kernels& kernels) {
#if defined(__x86_64__)
  if (&kernels == &avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("popcnt");
  if (&kernels == &avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
#endif
  return true;
}

} // namespace

std::vector<const byte_kernels*> runnable_byte_kernels() {
  std::vector<const byte_kernels*> found;
  for (const byte_kernels* kernels : every_kernels)
    if (runs_here(*kernels))
      found.push_back(kernels);
  return found;
}

const byte_kernels& best_byte_kernels() {
  static const byte_kernels& best = *runnable_byte_kernels().front();
  return best;
}

} // namespace millrace::detail
