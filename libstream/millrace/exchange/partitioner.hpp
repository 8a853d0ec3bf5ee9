#pragma once

#include "millrace/base/error.hpp"
#include "millrace/chunk/key_hash.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// Routes by the stored key hash: equal keys meet, and no key is hashed twice.
struct hash_partitioner {
  std::uint32_t partitions = 0;

  template <class K>
  std::uint32_t operator()(const K&, std::uint64_t hash) const {
    return route(hash, partitions);
  }
};

/// Routes by a user's function of the key, `f(key) -> index`; an index outside [0, partitions)
/// fails the batch.
template <class F>
struct key_partitioner {
  std::uint32_t partitions;
  F f;

  template <class K>
  std::uint32_t operator()(const K& key, std::uint64_t) const {
    auto index = std::invoke(f, key);
    if (std::cmp_less(index, 0) || std::cmp_greater_equal(index, partitions))
      throw stream_error{errc::invalid_argument, "the partitioner returned " +
                                                     std::to_string(index) + "; allowed are 0 to " +
                                                     std::to_string(partitions - 1)};
    return static_cast<std::uint32_t>(index);
  }
};

/// Makes a partitioner from a function of the key.
template <class F>
key_partitioner<F> partition_with(std::uint32_t partitions, F f) {
  return {partitions, std::move(f)};
}

/// A partitioner knows its number of partitions and maps (key, key hash) to one of them.
template <class P, class K>
concept partitioner_for = requires(const P& p, const K& key, std::uint64_t hash) {
  { p.partitions } -> std::convertible_to<std::uint32_t>;
  { p(key, hash) } -> std::convertible_to<std::uint32_t>;
};

} // namespace millrace
