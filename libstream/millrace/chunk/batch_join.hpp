#pragma once

#include "millrace/base/executor.hpp"
#include "millrace/chunk/chained_values.hpp"
#include "millrace/chunk/join_kind.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::detail {

template <class K>
std::vector<std::uint64_t> hashes_of_keys(const auto& records, hash_seed seed) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(records.size());
  for (auto& record : records)
    hashes.push_back(key_hash<K>{}(record.first, seed));
  return hashes;
}

/// A hash join of whole batches: hashes the left side once, then probes with the right partitions
/// in parallel. As many partitions as the right side, and one more for left records without a
/// partner.
template <join_kind Kind, class K, class V, class W>
auto join_partitions(const std::vector<std::vector<std::pair<K, V>>>& left,
                     const std::vector<std::vector<std::pair<K, W>>>& right,
                     parallel_executor& executor, hash_seed seed) {
  using value = joined_t<Kind, V, W>;
  using build_side = chained_values<K, V>;
  build_side build{seed};
  for (auto& part : left)
    build.add(part, hashes_of_keys<K>(part, seed).data());
  std::vector<std::atomic<bool>> matched(keeps_left(Kind) ? build.keys() : 0);
  std::vector<std::vector<std::pair<K, value>>> out(right.size() + (keeps_left(Kind) ? 1 : 0));
  executor.run_all(right.size(), [&](std::size_t p) {
    auto& from = right[p];
    build.probe(
        from.size(), hashes_of_keys<K>(from, seed).data(),
        [&](std::size_t i) -> const K& { return from[i].first; },
        [&](std::size_t i, const typename build_side::entry* key) {
          if (key) {
            if constexpr (keeps_left(Kind))
              matched[build.number(*key)].store(true, std::memory_order_relaxed);
            build.for_each_value(*key, [&](const V& v) {
              out[p].emplace_back(from[i].first, value{v, from[i].second});
            });
          } else if constexpr (keeps_right(Kind)) {
            out[p].emplace_back(from[i].first, value{std::nullopt, from[i].second});
          }
        });
  });
  if constexpr (keeps_left(Kind))
    for (auto& key : build.entries())
      if (!matched[build.number(key)])
        build.for_each_value(key, [&](const V& v) {
          out.back().emplace_back(key.key, value{v, std::nullopt});
        });
  return out;
}

} // namespace millrace::detail
