#pragma once

#include "yardstick/keyed/open_table.hpp"

#include <span>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>

namespace millrace::bench {

using u64_pair = std::pair<std::uint64_t, std::uint64_t>;

/// What one result adds to the checksum of all of them, which does not depend on their order.
inline std::uint64_t check_of(std::uint64_t key, std::uint64_t value) {
  return (key | 1) * (value + 0x9e3779b97f4a7c15u);
}

/// The k records with the greatest values, greatest first, of equal ones the lesser key first: one
/// scan with a heap of k.
std::vector<u64_pair> heap_top(std::span<const u64_pair> records, std::size_t k);

/// The sums of a window by key: adds what arrives, takes away what leaves, then goes over all keys.
class window_loop {
public:
  explicit window_loop(std::size_t keys) : totals_{keys} {}

  /// The checksum of all keys and sums that are not 0.
  std::uint64_t slide(std::span<const u64_pair> arriving, std::span<const u64_pair> leaving);

  const open_table& totals() const { return totals_; }

private:
  open_table totals_;
};

/// Running totals by key in absl's map; returns the sum of the new totals.
class absl_totals {
public:
  explicit absl_totals(std::size_t keys) { totals_.reserve(keys); }
  std::uint64_t add(std::span<const u64_pair> records);

private:
  absl::flat_hash_map<std::uint64_t, std::uint64_t> totals_;
};

/// The same by open addressing, with slots fetched ahead.
class open_totals {
public:
  explicit open_totals(std::size_t keys) : totals_{keys} {}
  std::uint64_t add(std::span<const u64_pair> records);

private:
  open_table totals_;
};

/// The checksum of the join of records with different keys on the left: each pair is worth
/// `joined_check`. In absl's map, and by open addressing with slots fetched ahead.
std::uint64_t join_absl(std::span<const u64_pair> left, std::span<const u64_pair> right);
std::uint64_t join_open(std::span<const u64_pair> left, std::span<const u64_pair> right);

inline std::uint64_t joined_check(std::uint64_t key, std::uint64_t left, std::uint64_t right) {
  return check_of(key, left * 3 + right);
}

} // namespace millrace::bench
