#pragma once

#include "millrace/chunk/key_hash.hpp"

#include <cstdint>

namespace millrace {

/// The seed of all sketches, part of their stored form: sketches of different processes, jobs and
/// days agree on the hash of a key and can be merged. Anybody can know it, so whoever chooses the
/// keys can make a sketch's answers wrong (never unsafe); the tables of a job hash with a secret.
inline constexpr hash_seed sketch_seed{0x6d696c6c72616365u};

/// The hash under which sketches know a key. Text has the same one as std::string and
/// std::string_view.
template <keyable K>
std::uint64_t sketch_hash(const K& key) {
  return key_hash<K>{}(key, sketch_seed);
}

} // namespace millrace
