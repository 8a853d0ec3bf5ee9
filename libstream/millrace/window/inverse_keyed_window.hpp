#pragma once

#include "millrace/state/keyed_store.hpp"
#include "millrace/window/batch_columns.hpp"
#include "millrace/window/combines.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace millrace {

/// No filter: every key stays in the window for ever, also with a value that is back at zero, as in
/// Spark.
struct keep_every_key {
  template <class K, class C>
  bool operator()(const K&, const C&) const noexcept {
    return true;
  }
};

/// The zero of numbers, and of all types for which a value made of nothing is one.
struct equals_zero {
  template <std::equality_comparable C>
  bool operator()(const C& value) const {
    return value == C{};
  }
};

/// A filter out of a test of values: keeps what is not zero. `keep_unless_zero{}` compares with
/// C{}, `keep_unless_zero{is_zero}` asks `is_zero(value)`.
template <class IsZero = equals_zero>
struct keep_unless_zero {
  [[no_unique_address]] IsZero is_zero{};

  template <class K, class C>
  bool operator()(const K&, const C& value) const {
    return !is_zero(value);
  }
};

/// One partition of `reduce_by_key_and_window` with an inverse function: the sum over the window of
/// each key, brought up to date by one call of `Combine` for each key that comes and one of
/// `Inverse` for each that goes, whatever the window's length.
///
/// `combine(total, newer)` adds at the new end, `inverse(total, oldest)` takes away at the old end.
/// The value of a key that no batch of the window contained is the new value alone.
///
/// Without a filter every key ever seen stays and is emitted. With one (`Keep`, as `keep(key,
/// value)`) rejected values are not emitted, and a key is forgotten once no batch of the window
/// contains it. Spark forgets it as soon as it is rejected and then counts wrongly when it comes
/// again while old values are still to be taken away.
///
/// A batch is `push` or `advance`, then `for_each`, then `commit`; several batches may come before
/// one `for_each` and `commit`, as with a slide of several batches. After an exception of a
/// function `rollback` puts every value back as it was, to the bit, and the batch may be tried
/// again.
///
/// Single owner. Memory: for each key the store's entry, and for each key of each batch of the
/// window 4 bytes and its value. Bounds: `most` keys (stream_error(limit_exceeded) then) and 2^30
/// batches.
template <class K, class C, combines<C> Combine, combines<C> Inverse, class Keep = keep_every_key>
class inverse_keyed_window {
public:
  using key_type = owned_t<K>;
  using value_type = C;
  static constexpr bool filtered = !std::is_same_v<Keep, keep_every_key>;

  static_assert(!contains_view_v<C>, "values of a window outlive their batch and must own their "
                                     "bytes: convert them with to_owned");
  static_assert(std::predicate<const Keep&, const key_type&, const C&>);

  inverse_keyed_window(duration length, hash_seed seed, Combine combine = {}, Inverse inverse = {},
                       Keep keep = {}, std::size_t most = store::max_entries)
      : columns_{length},
        store_{seed, most},
        combine_{std::move(combine)},
        inverse_{std::move(inverse)},
        keep_{std::move(keep)} {}

  /// Moves on to the batch of `now`, without data, and takes away what is `length` old or older.
  /// Throws stream_error(illegal_state) unless it is later than the batch before.
  void advance(batch_time now) {
    columns_.begin(now);
    while (const column* gone = columns_.evict_expired())
      subtract(*gone);
  }

  /// Moves on to the batch of `now` with its data: distinct keys, hashed under the seed, with the
  /// batch's value of each.
  template <detail::window_entry<K, C> Entry>
  void push(batch_time now, std::span<const Entry> entries) {
    advance(now);
    if (entries.empty())
      return;
    column& to = columns_.open(entries.size());
    detail::reserve_more(changes_, entries.size());
    while (!entries.empty()) {
      const auto part = entries.first(std::min(entries.size(), detail::entries_per_part));
      detail::probe_entries<K>(store_, part, [&](const Entry& entry, id at) {
        to.values.push_back(entry.value);
        if (at == store::none)
          at = add_key(entry);
        else
          add(at, store_.at(at).value, entry.value);
        to.ids.push_back(at);
      });
      entries = entries.subspan(part.size());
    }
  }

  /// Calls `f(const key_type&, const C&)` for every key that is in the window now and passes the
  /// filter, in the store's order.
  template <class F>
  void for_each(F f) const {
    store_.for_each([&](id, const auto& entry) {
      if (shown(entry.value) && keep_(entry.key, entry.value.total))
        f(entry.key, entry.value.total);
    });
  }

  /// Makes all since the last commit final and forgets keys that are no longer needed.
  void commit() noexcept {
    columns_.commit();
    changes_.clear();
    fresh_.clear();
    forget(idle_);
  }

  /// Back to the last commit, after an exception or instead of a commit; calls no function.
  void rollback() noexcept {
    columns_.rollback();
    for (; !changes_.empty(); changes_.pop_back()) {
      cell& to = store_.at(changes_.back().at).value;
      to.total = std::move(changes_.back().total);
      to.batches = changes_.back().batches;
    }
    for (const id at : fresh_)
      store_.at(at).value.batches = withdrawn;
    forget(fresh_);
    fresh_.clear();
    forget(idle_);
  }

  /// Calls `f(batch_time, std::span<const id>, std::span<const C>)` for the batches of the window,
  /// oldest first: what a checkpoint keeps, with `key` and `hash` of each id.
  template <class F>
  void for_each_batch(F f) const {
    columns_.for_each([&](const column& each) {
      f(each.time, std::span<const id>{each.ids}, std::span<const C>{each.values});
    });
  }
  /// Calls `f(std::uint64_t hash, const key_type&, const C&)` for the keys that stay although no
  /// batch of the window contains them: without a filter a checkpoint keeps these too.
  template <class F>
  void for_each_idle(F f) const {
    store_.for_each([&](id, const auto& entry) {
      if (entry.value.batches == 0)
        f(entry.hash, entry.key, entry.value.total);
    });
  }
  /// Puts such a key back, before the first batch. One that is there already stays as it is.
  void restore_idle(std::uint64_t hash, const key_type& key, C total) {
    store_.find_or_insert(key, hash, [&] { return cell{std::move(total), 0}; });
  }

  const key_type& key(std::uint32_t at) const { return store_.at(at).key; }
  std::uint64_t hash(std::uint32_t at) const { return store_.at(at).hash; }

  duration length() const noexcept { return columns_.length(); }
  /// Keys held; those that leave with the open batch until its commit.
  std::size_t size() const noexcept { return store_.size(); }
  /// Memory held; not what keys and values own beyond their own size.
  std::size_t memory_bytes() const noexcept {
    return sizeof(*this) + columns_.memory_bytes() + store_.memory_bytes() +
           changes_.capacity() * sizeof(change) +
           (fresh_.capacity() + idle_.capacity()) * sizeof(id);
  }

private:
  struct cell {
    C total;
    std::uint32_t batches; // of the window that contain the key
  };
  using store = keyed_store<key_type, cell>;
  using id = std::uint32_t;
  using column = detail::batch_column<C>;

  /// How a cell was before.
  struct change {
    id at;
    std::uint32_t batches;
    C total;
  };

  /// The `batches` of a key whose first batch was rolled back.
  static constexpr std::uint32_t withdrawn = ~std::uint32_t{0};
  static constexpr std::size_t fetch_ahead = 16;

  static bool unused(const cell& of) noexcept { return of.batches == 0 || of.batches == withdrawn; }
  static bool shown(const cell& of) noexcept {
    return filtered ? !unused(of) : of.batches != withdrawn;
  }

  void subtract(const column& gone) {
    const std::size_t n = gone.ids.size();
    detail::reserve_more(changes_, n);
    if constexpr (filtered)
      detail::reserve_more(idle_, n);
    for (std::size_t i = 0; i < n; ++i) {
      __builtin_prefetch(&std::as_const(store_).at(gone.ids[std::min(i + fetch_ahead, n - 1)]));
      const id at = gone.ids[i];
      cell& from = store_.at(at).value;
      if (filtered && from.batches == 1) {
        changes_.push_back({at, 1, from.total});
        idle_.push_back(at);
      } else {
        C total = inverse_(std::as_const(from.total), gone.values[i]);
        changes_.push_back({at, from.batches, std::exchange(from.total, std::move(total))});
      }
      --from.batches;
    }
  }

  void add(id at, cell& to, const C& value) {
    const std::uint32_t batches = unused(to) ? 0 : to.batches;
    C total = batches == 0 ? C(value) : C(combine_(std::as_const(to.total), value));
    changes_.push_back({at, to.batches, std::exchange(to.total, std::move(total))});
    to.batches = batches + 1;
  }

  template <class Entry>
  id add_key(const Entry& entry) {
    detail::reserve_more(fresh_, 1);
    const id at =
        store_.insert(detail::stored_form<K>(entry.key), entry.hash, cell{entry.value, 1});
    fresh_.push_back(at);
    return at;
  }

  /// Erases the keys that no batch has brought back. One for which there is no memory now is left
  /// in the list.
  void forget(std::vector<id>& keys) noexcept {
    try {
      for (; !keys.empty(); keys.pop_back())
        if (const id at = keys.back();
            store_.contains(at) && unused(std::as_const(store_).at(at).value))
          store_.erase(at);
    } catch (const std::bad_alloc&) { // such a key is not shown either
    }
  }

  detail::batch_columns<column> columns_;
  store store_;
  std::vector<change> changes_;
  std::vector<id> fresh_; // keys that the open batches added
  std::vector<id> idle_;  // keys that may have to be forgotten
  [[no_unique_address]] Combine combine_;
  [[no_unique_address]] Inverse inverse_;
  [[no_unique_address]] Keep keep_;
};

} // namespace millrace
