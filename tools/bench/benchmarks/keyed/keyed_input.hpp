#pragma once

#include "yardstick/keyed/keyed_loops.hpp"

#include <algorithm>
#include <random>

namespace millrace::bench {

/// `n` different keys, none of them 0, in no order.
inline std::vector<std::uint64_t> make_keys(std::size_t n) {
  std::vector<std::uint64_t> keys(n);
  for (std::size_t i = 0; i < n; ++i)
    keys[i] = (i + 1) * 0xd1342543de82ef95u;
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
