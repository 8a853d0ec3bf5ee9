#pragma once

#include "millrace/base/error.hpp"
#include "millrace/chunk/key_hash.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace {

/// How the keys of a stream are divided among its partitions: equal values mean that equal keys are
/// in partitions of the same number, so that combining two such streams moves nothing.
struct partitioning {
  std::uint32_t partitions = 0;   ///< 0: nothing is known.
  std::shared_ptr<const void> by; ///< Identity of a user's partitioner; null: by key hash.

  [[nodiscard]] bool known() const noexcept { return partitions != 0; }
  friend bool operator==(const partitioning&, const partitioning&) = default;
};

/// Routes by the stored key hash: equal keys meet, and no key is hashed twice.
struct hash_partitioner {
  std::uint32_t partitions = 0;

  template <class K>
  std::uint32_t operator()(const K&, std::uint64_t hash) const {
    return route(hash, partitions);
  }
};

namespace detail {
/// The index that a partitioner of the user's returned.
template <std::integral Index>
std::uint32_t checked_target(Index index, std::uint32_t partitions) {
  if (std::cmp_less(index, 0) || std::cmp_greater_equal(index, partitions))
    throw stream_error{errc::invalid_argument, "the partitioner returned " + std::to_string(index) +
                                                   "; allowed are 0 to " +
                                                   std::to_string(partitions - 1)};
  return static_cast<std::uint32_t>(index);
}
} // namespace detail

/// Routes by a user's function of the key, `f(key) -> index`; an index outside [0, partitions)
/// fails the batch.
template <class F>
struct key_partitioner {
  std::uint32_t partitions;
  F f;
  /// What copies of one partitioner have in common.
  std::shared_ptr<const void> identity = std::make_shared<char>();

  template <class K>
  std::uint32_t operator()(const K& key, std::uint64_t) const {
    return detail::checked_target(std::invoke(f, key), partitions);
  }
};

/// Makes a partitioner from a function of the key.
template <class F>
key_partitioner<F> partition_with(std::uint32_t partitions, F f) {
  return {partitions, std::move(f)};
}

/// What is known of a stream that the partitioner has divided; of a type of the user's own,
/// nothing.
template <class P>
partitioning partitioning_of(const P&) {
  return {};
}
inline partitioning partitioning_of(const hash_partitioner& p) { return {p.partitions, nullptr}; }
template <class F>
partitioning partitioning_of(const key_partitioner<F>& p) {
  return {p.partitions, p.identity};
}

/// A partitioner knows its number of partitions and maps (key, key hash) to one of them.
template <class P, class K>
concept partitioner_for = requires(const P& p, const K& key, std::uint64_t hash) {
  { p.partitions } -> std::convertible_to<std::uint32_t>;
  { p(key, hash) } -> std::integral;
};

/// The partition of a key. What a partitioner of the user's own type returns is checked.
template <class P, class K>
std::uint32_t target_of(const P& partitioner, const K& key, std::uint64_t hash) {
  if constexpr (std::is_same_v<P, hash_partitioner>)
    return partitioner(key, hash);
  else
    return detail::checked_target(partitioner(key, hash), partitioner.partitions);
}

} // namespace millrace
