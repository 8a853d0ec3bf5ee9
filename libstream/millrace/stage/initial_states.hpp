#pragma once

#include "millrace/chunk/batch.hpp"
#include "millrace/state/state_store.hpp"

namespace millrace {

/// Puts the initial states whose keys belong to `partition` into the store, during a batch.
template <class K, class S, class Partitioner>
void put_initial_states(const batch<std::pair<K, S>>& initial, std::uint32_t partition,
                        const Partitioner& partitioner, state_store<K, S>& to) {
  for (std::size_t p = 0; p < initial.partitions(); ++p)
    for (auto& [key, value] : initial.partition(p)) {
      auto hash = key_hash<K>{}(key, to.seed());
      if (partitioner(key, hash) == partition)
        to.put(key, hash, value);
    }
}

} // namespace millrace
