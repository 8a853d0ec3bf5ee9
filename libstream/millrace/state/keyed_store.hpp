#pragma once

#include "millrace/base/error.hpp"
#include "millrace/chunk/key_hash.hpp"
#include "millrace/state/kernel/segment_array.hpp"
#include "millrace/state/line_index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace {

/// Keys to values for what is kept from batch to batch: state and windows. Each key has an id, 32
/// bits that stay as they are until it is erased (then the id is used again), so that others can
/// refer to keys cheaply. Entries never move in bulk: they lie in segments of up to 4,096, and
/// growing by one key costs one segment at most, apart from the index beside them.
/// `share` hands all entries to a reader on another thread without a copy; what changes afterwards
/// is copied then, an entry at a time, and from a quarter of a segment on the segment.
///
/// Single owner, one thread at a time. All hashes passed in must be `key_hash<K>` of the key under
/// `seed()`. Keys to look up may be of another type that compares and hashes like `K` and from
/// which a `K` can be made, as `std::string_view` for `std::string`. References to entries hold
/// until the next call that may add or share, and while a share lives until the next call that is
/// not const. Bound: `most` keys, at most 2^30; adding one more throws
/// stream_error(limit_exceeded). An exception of a function passed in, or std::bad_alloc, leaves
/// the store valid, with what was done before it.
/// Overhead over key and value, once there are many: 13 to 20 bytes a key, and in a large store up
/// to one huge page, and what was shared and copied at one time.
template <class K, class V>
class keyed_store {
public:
  using id = std::uint32_t;
  static constexpr id none = detail::line_index::none;
  static constexpr std::size_t max_entries = detail::line_index::max_entries;

  struct entry {
    std::uint64_t hash;
    K key;
    V value;
  };
  static_assert(std::is_nothrow_move_constructible_v<K> && std::is_nothrow_move_constructible_v<V>,
                "keys and values of a keyed_store must move without throwing");

  explicit keyed_store(hash_seed seed, std::size_t most = max_entries)
      : seed_{seed}, most_{std::min(most, max_entries)} {}

  hash_seed seed() const { return seed_; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return size() == 0; }

  /// The key's id, or `none`.
  template <class Q>
  id find(const Q& key, std::uint64_t hash) const {
    return index_.find(hash, [&](id at) { return is(at, key, hash); });
  }

  /// Adds a key that is not there yet.
  template <class Q>
  id insert(const Q& key, std::uint64_t hash, V value) {
    if (size() >= most_) [[unlikely]]
      throw_full();
    if (!index_.has_room_for(size() + 1))
      index_.grow(size() + 1, [this](auto place) {
        std::as_const(entries_).for_each([&](id at, const entry& e) { place(at, e.hash); });
      });
    const id at = entries_.emplace(hash, K(key), std::move(value));
    index_.insert(hash, at);
    ++inserted_;
    return at;
  }

  /// A new key gets the value `make()`, which must not use the store.
  template <class Q, class Make>
  id find_or_insert(const Q& key, std::uint64_t hash, Make make) {
    const id found = find(key, hash);
    return found != none ? found : insert(key, hash, make());
  }

  /// Forgets a key that is there.
  void erase(id at) {
    const std::uint64_t hash = std::as_const(entries_)[at].hash;
    entries_.erase(at);
    index_.erase(hash, at, [this](id other) { return std::as_const(entries_)[other].hash; });
    ++erased_;
  }

  /// The entry of an id in use. Its value may be changed, key and hash may not.
  entry& at(id at) { return entries_[at]; }
  const entry& at(id at) const { return entries_[at]; }

  /// The value of an id in use, to be changed; null while a reader may have a share in it.
  V* unshared(id at) {
    entry* const found = entries_.unshared(at);
    return found != nullptr ? &found->value : nullptr;
  }

  bool contains(id at) const { return entries_.contains(at); }

  /// Calls `visit(i, id)` for i in [0, n), in order, with the id of the key `key_at(i)`, whose hash
  /// is `hashes[i]`, or `none`. `visit` may insert and erase. This is the fast way to look up many:
  /// it fetches memory ahead of its use.
  template <class KeyAt, class Visit>
  void probe(std::size_t n, const std::uint64_t* hashes, KeyAt key_at, Visit visit) {
    // Of some keys at a time: the slots are fetched, then the entries of which they speak, then
    // they are visited; each step `ahead` keys after the one before.
    std::array<looked_up, std::bit_ceil(ahead / together + 1)> parts;
    const auto part_of = [&](std::size_t i) -> looked_up& {
      return parts[i / together % parts.size()];
    };
    for (std::size_t from = 0; from < 2 * ahead; from += together)
      fetch_slots(from, n, hashes);
    for (std::size_t from = 0; from < ahead; from += together)
      fetch_entries(from, n, hashes, part_of(from));
    for (std::size_t from = 0; from < n; from += together) {
      fetch_in_order(from + far, n, hashes, key_at);
      fetch_slots(from + 2 * ahead, n, hashes);
      fetch_entries(from + ahead, n, hashes, part_of(from + ahead));
      const looked_up& part = part_of(from);
      const std::size_t end = std::min(from + together, n);
      for (std::size_t i = from; i < end; ++i) {
        id at = part.likely[i - from];
        auto&& key = key_at(i);
        if (!is_still(part, at, key, hashes[i])) [[unlikely]]
          at = find(key, hashes[i]);
        visit(i, at);
      }
    }
  }

  /// f(id, entry&), segment by segment; f may erase the entry it is given and nothing else.
  template <class F>
  void for_each(F f) {
    entries_.for_each(std::move(f));
  }
  template <class F>
  void for_each(F f) const {
    entries_.for_each(std::move(f));
  }

  /// All ids are below.
  id id_bound() const { return entries_.bound(); }

  /// All entries as they are now, for any thread to read. Costs the number of segments.
  detail::shared_segments<entry> share() { return entries_.share(); }

  static constexpr std::size_t per_segment = detail::segment_array<entry>::per_segment;

  /// As `share`, only the entries with ids from `number * per_segment` to before the next multiple.
  detail::segment_share<entry> share_segment(std::size_t number) { return entries_.share(number); }

  /// Forgets all keys and gives the memory back.
  void clear() {
    entries_ = {};
    index_ = {};
    ++erased_;
  }

  /// What the store itself holds; not what keys and values own beyond their own size, nor, while
  /// the store is small, what only shares still hold.
  std::size_t memory_bytes() const { return index_.memory_bytes() + entries_.memory_bytes(); }

private:
  /// Keys that are looked up together, and how much later what was fetched for them is used.
  static constexpr std::size_t together = 8, ahead = 16;
  /// How much later than it is fetched that is used which lies in order.
  static constexpr std::size_t far = 128;
  static constexpr std::size_t cache_line = 64;
  static constexpr id unsure = detail::line_index::unsure;

  /// What the slots say about some keys, and when they said so.
  struct looked_up {
    std::uint64_t inserted;
    std::uint64_t erased;
    std::array<id, together> likely;
  };

  /// Hashes and keys. The processor would fetch them by itself, but not between so many misses of
  /// tables.
  template <class KeyAt>
  static void fetch_in_order(std::size_t from, std::size_t n, const std::uint64_t* hashes,
                             KeyAt& key_at) {
    if (from + together > n)
      return;
    __builtin_prefetch(hashes + from);
    if constexpr (std::is_lvalue_reference_v<decltype(key_at(from))>) {
      std::uintptr_t fetched = 0;
      for (std::size_t i = from; i < from + together; ++i) {
        const auto* const key = std::addressof(key_at(i));
        const std::uintptr_t line = reinterpret_cast<std::uintptr_t>(key) / cache_line;
        if (line != std::exchange(fetched, line))
          __builtin_prefetch(key);
      }
    }
  }

  /// Into the second cache only: the first can wait for few lines at a time, and those are better
  /// left to the entries.
  void fetch_slots(std::size_t from, std::size_t n, const std::uint64_t* hashes) const {
    for (std::size_t i = from; i < std::min(from + together, n); ++i)
      __builtin_prefetch(index_.home(hashes[i]), 0, 2);
  }

  void fetch_entries(std::size_t from, std::size_t n, const std::uint64_t* hashes,
                     looked_up& part) const {
    if (from >= n)
      return;
    part.inserted = inserted_;
    part.erased = erased_;
    index_.find_likely(hashes + from, std::min(together, n - from), part.likely.data(),
                       [this](id at) { __builtin_prefetch(&entries_[at]); });
  }

  /// Whether `at`, found out with this part, is the id of the key for certain, or `none` is.
  template <class Q>
  bool is_still(const looked_up& part, id at, const Q& key, std::uint64_t hash) const {
    if (at < unsure) [[likely]]
      return part.erased == erased_ && is(at, key, hash);
    return at == none && part.inserted == inserted_;
  }

  template <class Q>
  bool is(id at, const Q& key, std::uint64_t hash) const {
    const entry& candidate = entries_[at];
    return candidate.hash == hash && same_key_given_hash<key_hash<K>>(candidate.key, key);
  }

  [[noreturn]] void throw_full() const {
    throw stream_error(errc::limit_exceeded, "a keyed store is full: it may hold " +
                                                 std::to_string(most_) +
                                                 " keys; use more partitions or expire keys");
  }

  hash_seed seed_;
  std::size_t most_;
  detail::line_index index_;
  detail::segment_array<entry> entries_;
  std::uint64_t inserted_ = 0; // how often a key was
  std::uint64_t erased_ = 0;   // how often one or all were
};

} // namespace millrace
