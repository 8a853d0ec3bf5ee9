#include "millrace/chunk/key_hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace millrace::detail {

static_assert(std::endian::native == std::endian::little,
              "hashes are shared between processes and defined on little-endian words");

std::uint64_t hash_long_text(const char* data, std::size_t size, hash_seed seed) noexcept {
  return XXH3_64bits_withSeed(data, size, seed.value);
}

} // namespace millrace::detail
