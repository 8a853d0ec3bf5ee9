#pragma once

#include "millrace/state/keyed_store.hpp"
#include "millrace/window/batch_columns.hpp"
#include "millrace/window/daba_queue.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace millrace {

/// One partition of `reduce_by_key_and_window` without an inverse function: for each key the values
/// of the window's batches, combined in order, for any associative function.
///
/// Each key has a queue of its own (`daba_lite`), so that a batch touches only the keys that come
/// and the keys that go: at most 3 calls of the function for each that comes, 2 for each that goes
/// and 1 for each that does either, whatever the window's length.
///
/// A batch is `push` or `advance`, then `for_each`, then `commit`; several batches may come before
/// one `for_each` and `commit`, as with a slide of several batches. After an exception of the
/// function `rollback`, and the batch may be tried again: the first call after it combines anew
/// what the keys of the failed batch have in the window. (A function that is associative only
/// nearly, as floating-point addition, may round differently there.) A key is forgotten once no
/// batch of the window contains it.
///
/// Single owner. Memory: for each key the store's entry, and for each key of each batch of the
/// window twice its value, 4 bytes and what growing takes. Bounds: `most` keys
/// (stream_error(limit_exceeded) then) and 2^30 batches.
template <class K, class C, combines<C> Combine>
class keyed_window {
public:
  using key_type = owned_t<K>;
  using value_type = C;

  static_assert(!contains_view_v<C>, "values of a window outlive their batch and must own their "
                                     "bytes: convert them with to_owned");

  keyed_window(duration length, hash_seed seed, Combine combine = {},
               std::size_t most = store::max_entries)
      : columns_{length}, store_{seed, most}, combine_{std::move(combine)} {}

  /// Moves on to the batch of `now`, without data, and lets go of what is `length` old or older.
  /// Throws stream_error(illegal_state) unless it is later than the batch before.
  void advance(batch_time now) {
    begin(now);
    remove();
  }

  /// Moves on to the batch of `now` with its data: distinct keys, hashed under the seed, with the
  /// batch's value of each.
  template <detail::window_entry<K, C> Entry>
  void push(batch_time now, std::span<const Entry> entries) {
    begin(now);
    if (!entries.empty())
      add(entries);
    remove();
  }

  /// Calls `f(const key_type&, const C&)` for every key that is in the window now, in the store's
  /// order.
  template <class F>
  void for_each(F f) {
    repair();
    std::as_const(store_).for_each([&](id, const auto& entry) {
      if (!entry.value.queue.empty())
        f(entry.key, *entry.value.total);
    });
  }

  /// Makes all since the last commit final and forgets the keys that left.
  void commit() noexcept {
    columns_.commit();
    fresh_.clear();
    forget(idle_);
  }

  /// Back to the last commit, after an exception or instead of a commit; calls no function.
  void rollback() noexcept {
    columns_.for_each_uncommitted([&](const column& each) {
      for (const id at : each.ids)
        store_.at(at).value.damaged = true;
    });
    damaged_ = columns_.rollback() || damaged_;
    for (const id at : fresh_)
      empty(store_.at(at).value);
    forget(fresh_);
    fresh_.clear();
    idle_.clear();
  }

  /// Calls `f(batch_time, std::span<const id>, std::span<const C>)` for the batches of the window,
  /// oldest first: what a checkpoint keeps, with `key` and `hash` of each id.
  template <class F>
  void for_each_batch(F f) const {
    columns_.for_each([&](const column& each) {
      f(each.time, std::span<const id>{each.ids}, std::span<const C>{each.values});
    });
  }
  const key_type& key(std::uint32_t at) const { return store_.at(at).key; }
  std::uint64_t hash(std::uint32_t at) const { return store_.at(at).hash; }

  duration length() const noexcept { return columns_.length(); }
  /// Keys held; those that leave with the open batch until its commit.
  std::size_t size() const noexcept { return store_.size(); }
  /// Memory held; not what keys and values own beyond their own size.
  std::size_t memory_bytes() const noexcept {
    return sizeof(*this) + columns_.memory_bytes() + store_.memory_bytes() + queue_bytes_ +
           (fresh_.capacity() + idle_.capacity()) * sizeof(id);
  }

private:
  struct cell {
    detail::daba_queue<C> queue;
    detail::known_optional_for<C> total; // what the queue amounts to, if not empty
    std::uint32_t due = 0;               // values that have to go
    bool damaged = false;                // the queue has to be made anew
  };
  using store = keyed_store<key_type, cell>;
  using id = std::uint32_t;
  using column = detail::batch_column<C>;

  static constexpr std::size_t stride = 16;
  static constexpr std::size_t crowded_from_bytes = std::size_t{8} << 20;

  /// Calls `work(i, cell)` for the cells of `ids`, with memory fetched ahead: the cells of a
  /// stride, then, if they are `wanted(cell)`, where their queues will work.
  template <class Wanted, class Work>
  void visit(std::span<const id> ids, Wanted wanted, Work work) {
    std::array<cell*, stride> cells;
    for (std::size_t from = 0; from < ids.size(); from += stride) {
      const std::size_t n = std::min(stride, ids.size() - from);
      for (std::size_t j = 0; j < n; ++j) {
        cells[j] = &store_.at(ids[from + j]).value;
        __builtin_prefetch(cells[j], 1);
        __builtin_prefetch(reinterpret_cast<const char*>(cells[j] + 1) - 1, 1);
      }
      for (std::size_t j = 0; j < n; ++j)
        if (wanted(*cells[j]))
          cells[j]->queue.fetch();
      for (std::size_t j = 0; j < n; ++j)
        if (wanted(*cells[j]))
          work(from + j, *cells[j]);
    }
  }

  /// Only notes what has to go: a key that both comes and goes is visited once.
  void begin(batch_time now) {
    repair();
    columns_.begin(now);
    while (const column* gone = columns_.evict_expired())
      for (std::size_t i = 0, n = gone->ids.size(); i < n; ++i) {
        __builtin_prefetch(&store_.at(gone->ids[std::min(i + stride, n - 1)]).value.due, 1);
        ++store_.at(gone->ids[i]).value.due;
      }
  }

  template <class Entry>
  void add(std::span<const Entry> entries) {
    column& to = columns_.open(entries.size());
    while (!entries.empty()) {
      const auto part = entries.first(std::min(entries.size(), detail::entries_per_part));
      const std::size_t from = to.ids.size();
      detail::probe_entries<K>(store_, part, [&](const Entry& entry, id at) {
        to.values.push_back(entry.value);
        to.ids.push_back(at == store::none ? add_key(entry) : at);
      });
      add_values(std::span{to.ids}.subspan(from), to.values.data() + from);
      entries = entries.subspan(part.size());
    }
  }

  void add_values(std::span<const id> ids, const C* values) {
    visit(
        ids, [](const cell&) { return true; },
        [&](std::size_t i, cell& to) {
          change(to, [&] { to.queue.push(values[i], combine_, is_crowded()); });
        });
  }

  bool is_crowded() const noexcept { return queue_bytes_ >= crowded_from_bytes; }

  /// Lets go of what has to go from the keys that did not come.
  void remove() {
    columns_.for_each_evicted_now([&](const column& gone) {
      visit(
          gone.ids, [](const cell& each) { return each.due != 0; },
          [&](std::size_t i, cell& from) {
            change(from, [] {});
            if (from.queue.empty())
              idle_.push_back(gone.ids[i]);
          });
    });
  }

  /// Lets go of what has to go, then makes another change.
  template <class Other>
  void change(cell& of, Other other) {
    const std::size_t bytes = of.queue.memory_bytes();
    for (; of.due != 0; --of.due)
      of.queue.pop(combine_);
    other();
    queue_bytes_ += of.queue.memory_bytes() - bytes;
    if (!of.queue.empty())
      of.total = of.queue.query(combine_);
  }

  template <class Entry>
  id add_key(const Entry& entry) {
    detail::reserve_more(fresh_, 1);
    const id at = store_.insert(detail::stored_form<K>(entry.key), entry.hash, cell{});
    fresh_.push_back(at);
    return at;
  }

  void empty(cell& of) noexcept {
    queue_bytes_ -= of.queue.memory_bytes();
    of.queue = {};
    of.due = 0;
    of.damaged = false;
  }

  /// Makes anew the queues that a failed batch may have changed.
  void repair() {
    if (!damaged_)
      return;
    std::vector<bool> damaged(store_.id_bound());
    store_.for_each([&](id at, auto& entry) {
      damaged[at] = entry.value.damaged;
      if (entry.value.damaged) {
        entry.value.queue = {};
        entry.value.due = 0;
      }
    });
    columns_.for_each([&](const column& each) {
      for (std::size_t i = 0; i < each.ids.size(); ++i)
        if (damaged[each.ids[i]])
          store_.at(each.ids[i]).value.queue.push(each.values[i], combine_, is_crowded());
    });
    std::size_t bytes = 0;
    store_.for_each([&](id, auto& entry) {
      cell& each = entry.value;
      bytes += each.queue.memory_bytes();
      if (each.damaged && !each.queue.empty())
        each.total = each.queue.query(combine_);
    });
    store_.for_each([](id, auto& entry) { entry.value.damaged = false; });
    queue_bytes_ = bytes;
    damaged_ = false;
  }

  /// Erases the keys that no batch has brought back. One for which there is no memory now is left
  /// in the list.
  void forget(std::vector<id>& keys) noexcept {
    try {
      for (; !keys.empty(); keys.pop_back())
        if (const id at = keys.back();
            store_.contains(at) && std::as_const(store_).at(at).value.queue.empty()) {
          empty(store_.at(at).value);
          store_.erase(at);
        }
    } catch (const std::bad_alloc&) { // such a key is not shown either
    }
  }

  detail::batch_columns<C> columns_;
  store store_;
  std::vector<id> fresh_; // keys that the open batches added
  std::vector<id> idle_;  // keys that may have to be forgotten
  std::size_t queue_bytes_ = 0;
  bool damaged_ = false;
  [[no_unique_address]] Combine combine_;
};

} // namespace millrace
