#pragma once

#include "millrace/base/error.hpp"
#include "millrace/chunk/keyed_table.hpp"

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace millrace {

/// The build side of a hash join: for each key its values, in order of adding.
///
/// Small values are held beside their key, so that a probe that hits touches one place; others stay
/// where they are and must outlive this. Bound: 2^32 - 2 values of keys that have more than one,
/// beyond which stream_error(limit_exceeded) is thrown; and that of keyed_table.
template <class K, class V>
class chained_values {
  static constexpr bool by_value = std::is_trivially_copyable_v<V> && sizeof(V) <= 16;
  using held = std::conditional_t<by_value, V, const V*>;
  static constexpr std::uint32_t none = 0xffffffff;

  struct chain {
    held first;
    std::uint32_t next = none;
    std::uint32_t last = none;
  };
  struct link {
    held value;
    std::uint32_t next;
  };

public:
  using entry = typename keyed_table<K, chain>::entry;

  explicit chained_values(hash_seed seed) : heads_{seed, key_policy::borrow} {}

  void reserve(std::size_t keys) { heads_.reserve(keys); }
  std::size_t keys() const { return heads_.size(); }

  /// All hashes must be those of the keys under the seed.
  void add(std::span<const std::pair<K, V>> records, const std::uint64_t* hashes) {
    heads_.upsert(
        records.size(), hashes, [&](std::size_t i) -> const K& { return records[i].first; },
        [&](std::size_t i) { return chain{hold(records[i].second)}; },
        [&](chain& c, std::size_t i) { append(c, records[i].second); });
  }

  /// Calls visit(i, entry or null) for each of n keys, in order.
  template <class KeyAt, class Visit>
  void probe(std::size_t n, const std::uint64_t* hashes, KeyAt key_at, Visit visit) const {
    heads_.probe(n, hashes, key_at, visit);
  }

  /// Calls f(const V&) for each value of the key.
  template <class F>
  void for_each_value(const entry& key, F f) const {
    f(value_of(key.value.first));
    for (auto at = key.value.next; at != none; at = links_[at].next)
      f(value_of(links_[at].value));
  }

  /// Keys are numbered from 0 to keys() - 1.
  std::size_t number(const entry& key) const {
    return static_cast<std::size_t>(&key - heads_.entries().data());
  }
  std::span<const entry> entries() const { return heads_.entries(); }

private:
  static held hold(const V& v) {
    if constexpr (by_value)
      return v;
    else
      return &v;
  }
  static const V& value_of(const held& h) {
    if constexpr (by_value)
      return h;
    else
      return *h;
  }

  void append(chain& c, const V& v) {
    if (links_.size() == none)
      throw stream_error{errc::limit_exceeded,
                         "one side of a join has more than 4294967294 records of repeated keys in "
                         "a partition of a batch; use more partitions"};
    auto at = static_cast<std::uint32_t>(links_.size());
    links_.push_back({hold(v), none});
    (c.last == none ? c.next : links_[c.last].next) = at;
    c.last = at;
  }

  keyed_table<K, chain> heads_;
  std::vector<link> links_;
};

} // namespace millrace
