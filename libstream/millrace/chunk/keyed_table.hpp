#pragma once

#include "millrace/chunk/kernel/slot_index.hpp"
#include "millrace/chunk/key_hash.hpp"
#include "millrace/chunk/text_arena.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {
[[noreturn]] void throw_table_full(std::size_t most);
} // namespace detail

/// What a table does with the views inside a new key.
enum class key_policy {
  borrow, ///< keeps them: the text must live as long as the table's entries
  intern, ///< copies their bytes into the table's own arena, so that the text may go
};

/// The one hash table of the project, for reduce, windows, state and joins: keys to values, worked
/// on a chunk at a time.
///
/// Entries lie dense and in order of insertion (until something is erased), each with its 64-bit
/// hash, so that iterating, merging and writing a snapshot run through memory once, and routing and
/// merging need not hash again. Beside them an index of 8-byte slots. Overhead over key and value:
/// 24 to 46 bytes an entry once there are many.
///
/// Single owner, one thread at a time. All hashes passed in must be `Hash` of the key under
/// `seed()`. References and pointers to entries hold until the next call that may add or erase.
/// Functions passed in must not use the table. Bound: `most` entries, at most 2^30; adding one more
/// throws stream_error(limit_exceeded). An exception of a function passed in, or std::bad_alloc,
/// leaves the table valid, with what was done before it.
///
/// `Hash` is called as `Hash{}(key, seed)`. Keys to look up may be of another type that compares
/// and hashes like `K` and from which a `K` can be made, as `std::string_view` for `std::string`.
template <class K, class V, class Hash = key_hash<K>>
class keyed_table {
public:
  struct entry {
    std::uint64_t hash;
    K key;
    V value;
  };
  static_assert(std::is_nothrow_move_constructible_v<K> &&
                    std::is_nothrow_move_constructible_v<V> &&
                    std::is_nothrow_move_assignable_v<K> && std::is_nothrow_move_assignable_v<V>,
                "keys and values of a keyed_table must move without throwing");

  static constexpr std::size_t max_entries = detail::slot_index::max_entries;

  explicit keyed_table(hash_seed seed, key_policy policy = key_policy::borrow,
                       std::size_t most = max_entries)
      : seed_(seed), policy_(policy), most_(std::min(most, max_entries)) {}

  keyed_table(keyed_table&&) noexcept = default;
  keyed_table& operator=(keyed_table&&) noexcept = default;

  hash_seed seed() const { return seed_; }
  std::uint64_t hash_of(const K& key) const { return Hash{}(key, seed_); }

  /// For i in [0, n): if the table has the key `key_at(i)`, whose hash is `hashes[i]`, calls
  /// `update(V&, i)`, otherwise adds it with the value `make(i)`. This is the fast way: it fetches
  /// memory ahead of its use.
  template <class KeyAt, class Make, class Update>
  void upsert(std::size_t n, const std::uint64_t* hashes, KeyAt key_at, Make make, Update update) {
    if (memory_in_use() > bytes_kept_near)
      upsert_loop<true>(n, hashes, key_at, make, update);
    else
      upsert_loop<false>(n, hashes, key_at, make, update);
  }

  /// The entry with this key, or null.
  template <class Q>
  entry* find(const Q& key, std::uint64_t hash) {
    return search(index_.slots(), entries_.data(), key, hash);
  }
  template <class Q>
  const entry* find(const Q& key, std::uint64_t hash) const {
    return search(index_.slots(), entries_.data(), key, hash);
  }

  /// Calls `visit(i, entry or null)` for i in [0, n), in order, with the entry of the key
  /// `key_at(i)`, whose hash is `hashes[i]`: the fast way to look up many.
  template <class KeyAt, class Visit>
  void probe(std::size_t n, const std::uint64_t* hashes, KeyAt key_at, Visit visit) const {
    const detail::slot_index::view in = index_.slots();
    const entry* const entries = entries_.data();
    for (std::size_t i = 0, first = std::min(n, 2 * prefetch_ahead); i < first; ++i)
      __builtin_prefetch(in.home(hashes[i]));
    for (std::size_t i = 0; i < n; ++i) {
      __builtin_prefetch(in.home(hashes[std::min(i + 2 * prefetch_ahead, n - 1)]));
      const std::uint64_t near = *in.home(hashes[std::min(i + prefetch_ahead, n - 1)]);
      __builtin_prefetch(reinterpret_cast<const char*>(entries) +
                         static_cast<std::uint32_t>(near) * sizeof(entry));
      visit(i, search(in, entries, key_at(i), hashes[i]));
    }
  }

  /// The key's value; a new key gets the value `make()`.
  template <class Q, class Make>
  V& get_or_insert(const Q& key, std::uint64_t hash, Make make) {
    entry* found = find(key, hash);
    return found ? found->value : add(key, hash, make()).value;
  }

  /// Removes the key; the last entry takes its place. Returns whether it was there. Interned bytes
  /// stay until `clear`.
  template <class Q>
  bool erase(const Q& key, std::uint64_t hash) {
    entry* const found = find(key, hash);
    if (!found)
      return false;
    const std::size_t at = static_cast<std::size_t>(found - entries_.data());
    const std::size_t last = entries_.size() - 1;
    index_.erase(hash, at);
    if (at != last) {
      index_.renumber(entries_[last].hash, last, at);
      *found = std::move(entries_[last]);
    }
    entries_.pop_back();
    return true;
  }

  /// All entries. Values may be changed, keys and hashes may not.
  std::span<entry> entries() { return entries_; }
  std::span<const entry> entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  /// Forgets all entries and interned text but keeps memory for as many.
  void clear() {
    index_.clear(entries_.size(), [this](std::size_t i) { return entries_[i].hash; });
    entries_.clear();
    arena_.clear();
  }

  /// Makes room for `n` entries in all.
  void reserve(std::size_t n) {
    if (n > most_)
      detail::throw_table_full(most_);
    entries_.reserve(n);
    if (!index_.has_room_for(n))
      index_.grow(n);
  }

  /// Moves the entries out and leaves the table empty. Interned keys point into the arena: take
  /// that too.
  std::vector<entry> take_entries() {
    index_ = {};
    return std::exchange(entries_, {});
  }
  text_arena take_arena() { return std::exchange(arena_, {}); }

  /// What the table itself holds; not what keys and values own beyond their own size.
  std::size_t memory_bytes() const {
    return index_.memory_bytes() + entries_.capacity() * sizeof(entry) + arena_.memory_bytes();
  }

private:
  static constexpr std::size_t prefetch_ahead = 12;
  static constexpr std::size_t smallest_capacity = 32;
  static constexpr std::size_t bytes_kept_near = 1024 * 1024;

  std::size_t memory_in_use() const {
    return index_.memory_bytes() + entries_.size() * sizeof(entry);
  }

  template <class Entry, class Q>
  static Entry* search(detail::slot_index::view in, Entry* entries, const Q& key,
                       std::uint64_t hash) {
    return detail::slot_index::find(in, hash, entries, [&](const entry& candidate) {
      return same_key_given_hash<Hash>(candidate.key, key);
    });
  }

  /// With `Far`, entries are fetched ahead as well as slots, half as far: their place is known only
  /// from the slot.
  template <bool Far, class KeyAt, class Make, class Update>
  void upsert_loop(std::size_t n, const std::uint64_t* hashes, KeyAt& key_at, Make& make,
                   Update& update) {
    constexpr std::size_t ahead = Far ? 2 * prefetch_ahead : prefetch_ahead;
    detail::slot_index::view in = index_.slots();
    entry* entries = entries_.data();
    for (std::size_t i = 0, first = std::min(n, ahead); i < first; ++i)
      __builtin_prefetch(in.home(hashes[i]));
    for (std::size_t i = 0; i < n; ++i) {
      __builtin_prefetch(in.home(hashes[std::min(i + ahead, n - 1)]));
      if constexpr (Far) {
        const std::uint64_t near = *in.home(hashes[std::min(i + ahead / 2, n - 1)]);
        __builtin_prefetch(reinterpret_cast<const char*>(entries) +
                           static_cast<std::uint32_t>(near) * sizeof(entry));
      }
      auto&& key = key_at(i);
      if (entry* found = search(in, entries, key, hashes[i])) [[likely]] {
        update(found->value, i);
      } else {
        add(key, hashes[i], make(i));
        in = index_.slots();
        entries = entries_.data();
      }
    }
  }

  template <class Q>
  [[gnu::noinline]] entry& add(const Q& key, std::uint64_t hash, V value) {
    make_room();
    K own(key);
    if (policy_ == key_policy::intern)
      intern_views(own, arena_);
    entries_.push_back(entry{hash, std::move(own), std::move(value)});
    index_.insert(hash, entries_.size() - 1);
    return entries_.back();
  }

  void make_room() {
    const std::size_t size = entries_.size();
    if (size >= most_)
      detail::throw_table_full(most_);
    if (size == entries_.capacity())
      entries_.reserve(std::max(smallest_capacity, size < 65'536 ? size * 2 : size + size / 4));
    if (!index_.has_room_for(size + 1))
      index_.grow(size + 1);
  }

  hash_seed seed_;
  key_policy policy_;
  std::size_t most_;
  detail::slot_index index_;
  std::vector<entry> entries_;
  text_arena arena_;
};

} // namespace millrace
