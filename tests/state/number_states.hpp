#pragma once

#include "millrace/state/snapshot.hpp"
#include "millrace/state/state_store.hpp"

#include <cstdint>
#include <vector>

namespace millrace::test {

using number_store = state_store<std::uint64_t, std::uint64_t>;

/// One batch that gives every `step`-th key of [0, n) the value `value`, and lets others time out.
inline void set_some(number_store& states, std::int64_t time, std::uint64_t n, std::uint64_t step,
                     std::uint64_t value) {
  std::vector<std::uint64_t> keys;
  for (std::uint64_t key = 0; key < n; key += step)
    keys.push_back(key);
  std::vector<std::uint64_t> hashes(keys.size());
  hash_chunk<std::uint64_t>(keys, states.seed(), hashes.data());
  states.begin(batch_time(time));
  states.update(
      keys.size(), hashes.data(), [&](std::size_t i) { return keys[i]; },
      [&](std::size_t, state<std::uint64_t>& s) { s.update(value); });
  states.expire([](auto, auto&) {});
  states.commit();
}

inline std::size_t changed_count(const state_delta<std::uint64_t, std::uint64_t>& changes) {
  std::size_t n = 0;
  changes.for_each_changed([&](auto, auto, auto) { ++n; });
  return n;
}

} // namespace millrace::test
