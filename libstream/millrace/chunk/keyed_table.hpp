#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/base/error.hpp"
#include "millrace/chunk/key_hash.hpp"
#include "millrace/chunk/slot_index.hpp"
#include "millrace/chunk/text_arena.hpp"

namespace millrace {

/// What a table does with the views inside a new key.
enum class key_policy {
  borrow,  ///< keeps them: the text must outlive the table's use of it
  intern,  ///< copies their bytes into the table's own arena
};

template <class K, class V, class Hash = key_hash<K>>
class keyed_table {
public:
  struct entry {
    std::uint64_t hash;
    K key;
    V value;
  };

  static constexpr std::size_t max_entries = detail::slot_index::max_entries;

  explicit keyed_table(hash_seed seed = {}, key_policy policy = key_policy::borrow)
      : seed_(seed), policy_(policy) {}

  hash_seed seed() const { return seed_; }
  std::uint64_t hash_of(const K& key) const { return Hash{}(key, seed_); }

  template <class KeyAt, class Make, class Update>
  void upsert(std::size_t n, const std::uint64_t* hashes, KeyAt key_at, Make make, Update update) {
    if (n == 0)
      return;
    make_room();
    for (std::size_t i = 0, first = std::min(n, prefetch_ahead); i < first; ++i)
      index_.prefetch(hashes[i]);
    for (std::size_t i = 0; i < n; ++i) {
      index_.prefetch(hashes[std::min(i + prefetch_ahead, n - 1)]);
      auto&& key = key_at(i);
      if (entry* found = find(key, hashes[i])) [[likely]]
        update(found->value, i);
      else
        add(key, hashes[i], [&]() -> V { return make(i); });
    }
  }

  template <class Q>
  entry* find(const Q& key, std::uint64_t hash) {
    return index_.find(hash, entries_.data(), [&](const entry& e) {
      return same_key(e.key, key);
    });
  }

  template <class Q, class Make>
  V& get_or_insert(const Q& key, std::uint64_t hash, Make make) {
    make_room();
    if (entry* found = find(key, hash))
      return found->value;
    return add(key, hash, std::move(make)).value;
  }

  template <class Q>
  bool erase(const Q& key, std::uint64_t hash) {
    entry* found = find(key, hash);
    if (!found)
      return false;
    const std::size_t at = static_cast<std::size_t>(found - entries_.data());
    const auto hash_at = [this](std::size_t i) { return entries_[i].hash; };
    const std::size_t last = entries_.size() - 1;
    index_.erase(found->hash, at, hash_at);
    if (at != last) {
      index_.renumber(entries_[last].hash, last, at);
      *found = std::move(entries_[last]);
    }
    entries_.pop_back();
    return true;
  }

  std::span<entry> entries() { return entries_; }
  std::span<const entry> entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  void clear() {
    index_.clear(entries_.size(), [this](std::size_t i) { return entries_[i].hash; });
    entries_.clear();
    arena_.clear();
  }

  void reserve(std::size_t n) {
    if (n > max_entries)
      throw_full();
    index_.reserve(n, entries_.size(), [this](std::size_t i) { return entries_[i].hash; });
    entries_.reserve(n);
  }

  std::vector<entry> take_entries() {
    index_ = {};
    return std::exchange(entries_, {});
  }
  text_arena take_arena() { return std::exchange(arena_, {}); }

  std::size_t memory_bytes() const {
    return index_.memory_bytes() + entries_.capacity() * sizeof(entry) + arena_.memory_bytes();
  }

private:
  static constexpr std::size_t prefetch_ahead = 12;

  [[noreturn]] static void throw_full() {
    throw stream_error(errc::limit_exceeded, "a keyed table holds at most 4294967294 keys");
  }

  void make_room() {
    if (index_.full(entries_.size())) [[unlikely]]
      grow();
  }

  [[gnu::noinline]] void grow() {
    index_.reserve(entries_.size() + 1, entries_.size(),
                   [this](std::size_t i) { return entries_[i].hash; });
  }

  template <class Q, class Make>
  [[gnu::noinline]] entry& add(const Q& key, std::uint64_t hash, Make make) {
    make_room();
    if (entries_.size() == entries_.capacity())
      entries_.reserve(std::max<std::size_t>(16, entries_.size() + entries_.size() / 2));
    K own(key);
    if (policy_ == key_policy::intern)
      intern_views(own, arena_);
    entries_.push_back(entry{hash, std::move(own), make()});
    index_.insert(hash, entries_.size() - 1);
    return entries_.back();
  }

  hash_seed seed_;
  key_policy policy_;
  detail::slot_index index_;
  std::vector<entry> entries_;
  text_arena arena_;
};

}  // namespace millrace
