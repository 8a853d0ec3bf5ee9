#pragma once

#include "millrace/chunk/key_hash.hpp"
#include "millrace/eventtime/event_time.hpp"

#include <cstdint>

namespace millrace::detail {

/// A key to look up together with the start of a pane.
template <class Q>
struct pane_key_view {
  const Q& key;
  event_time pane;
};

/// What one accumulator is for: a key and a pane. Its hash is the key's hash with the bits of
/// `pane_salt` flipped, so that each of the two hashes gives the other.
template <class K>
struct pane_key {
  template <class Q>
  explicit pane_key(const pane_key_view<Q>& from) : key(from.key), pane{from.pane} {}

  template <class Q>
  friend bool operator==(const pane_key& a, const pane_key_view<Q>& b) {
    return a.pane == b.pane && same_key(a.key, b.key);
  }

  K key;
  event_time pane;
};

/// Under another seed than that of keys: a key that is a number may equal a pane's start.
inline std::uint64_t pane_salt(event_time pane, hash_seed seed) {
  return hash_word(static_cast<std::uint64_t>(pane.ms()), hash_seed{~seed.value});
}

/// A key that lies elsewhere.
template <class K>
struct key_reference {
  friend bool operator==(const key_reference& a, const key_reference& b) {
    return same_key(*a.key, *b.key);
  }

  const K* key;
};

} // namespace millrace::detail
