#pragma once

#include "yardstick/keyed/keyed_loops.hpp"

#include <algorithm>
#include <random>

namespace millrace::bench {

/// `n` different keys, none of them 0, in no order: the numbers from 1 on, mixed by the finaliser
/// of SplitMix64 (Steele, Lea, Flood 2014), which maps no two to one. Multiples of a constant would
/// not do: a hash by multiplication spreads them evenly, so that a table never meets a taken slot.
inline std::vector<std::uint64_t> make_keys(std::size_t n) {
  std::vector<std::uint64_t> keys(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t key = i + 1;
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
    keys[i] = key ^ (key >> 31);
  }
  return keys;
}

/// One record for each of `n` of the keys, chosen and ordered at random, which shuffles `keys`.
inline std::vector<u64_pair> make_records(std::vector<std::uint64_t>& keys, std::size_t n,
                                          std::mt19937_64& random) {
  std::vector<u64_pair> records;
  records.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::swap(keys[i], keys[i + random() % (keys.size() - i)]);
    records.emplace_back(keys[i], 1 + random() % 1000);
  }
  return records;
}

} // namespace millrace::bench
