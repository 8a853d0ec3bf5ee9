#pragma once

#include "millrace/state/keyed_store.hpp"
#include "millrace/window/batch_columns.hpp"
#include "millrace/window/combines.hpp"
#include "millrace/window/half_windows.hpp"
#include "millrace/window/sparse_values.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

/// What one batch brought, and for each key what all that the later batches of the same half window
/// brought amounts to, once that has been worked out ("turned").
template <class C>
struct turned_column : batch_column<C> {
  sparse_values<C> after;
};

} // namespace detail

/// One partition of `reduce_by_key_and_window` without an inverse function: for each key the values
/// of the window's batches, combined in order, for any associative function.
///
/// For each key three parts are kept, of the oldest half window, the next one and the present one
/// (`half_windows`). A batch that comes is added to the present part. A batch that goes leaves
/// behind, for each of its keys, what the later ones of its half amount to; that was worked out
/// backwards, from the half's newest batch to its oldest, while the next half filled. So with
/// batches at even distances a batch costs one call of the function for each key that comes, one
/// for each key of the one or two batches that are turned meanwhile, and two for each key that
/// comes or goes, whatever the window's length. After a gap one batch may have to turn up to half a
/// window. The window is read in order, so that it need not fit any cache.
///
/// A batch is `push` or `advance`, then `for_each`, then `commit`; several batches may come before
/// one `for_each` and `commit`, as with a slide of several batches. After an exception of the
/// function `rollback` puts everything back as it was, to the bit, and the batch may be tried
/// again. A key is forgotten once no batch of the window contains it.
///
/// Single owner. Memory: for each key the store's entry with five values, and for each key of each
/// batch of the window 4 bytes and its value, and for about half of them (all, after a gap) its
/// value once more and a byte; while batches are open also what a rollback needs. Values that left
/// may stay in a key's entry until others take their places. Bounds: `most` keys
/// (stream_error(limit_exceeded) then) and 2^30 batches.
template <class K, class C, combines<C> Combine>
class keyed_window {
public:
  using key_type = owned_t<K>;
  using value_type = C;

  static_assert(!contains_view_v<C>, "values of a window outlive their batch and must own their "
                                     "bytes: convert them with to_owned");
  static_assert(std::is_nothrow_move_constructible_v<C> && std::is_nothrow_move_assignable_v<C>,
                "values of a window must move without throwing");

  keyed_window(duration length, hash_seed seed, Combine combine = {},
               std::size_t most = store::max_entries)
      : columns_{length}, halves_{length}, store_{seed, most}, combine_{std::move(combine)} {}

  /// Moves on to the batch of `now`, without data, and lets go of what is `length` old or older.
  /// Throws stream_error(illegal_state) unless it is later than the batch before.
  void advance(batch_time now) {
    columns_.begin(now);
    turn_share(now);
    while (column* const gone = columns_.evict_expired())
      remove(*gone);
  }

  /// Moves on to the batch of `now` with its data: distinct keys, hashed under the seed, with the
  /// batch's value of each.
  template <detail::window_entry<K, C> Entry>
  void push(batch_time now, std::span<const Entry> entries) {
    advance(now);
    if (entries.empty())
      return;
    known before = spares_.take(entries.size());
    detail::reserve_more(steps_, 1);
    column& to = columns_.open(entries.size());
    steps_.push_back({step::came, columns_.last() - 1, std::move(before)});
    while (!entries.empty()) {
      const auto some = entries.first(std::min(entries.size(), detail::entries_per_part));
      detail::probe_entries<K>(store_, some, [&, slot = slot_of(to)](const Entry& entry, id at) {
        add(to, slot, at == store::none ? add_key(entry) : at, entry.value);
      });
      entries = entries.subspan(some.size());
    }
  }

  /// Calls `f(const key_type&, const C&)` for every key that is in the window now, in the store's
  /// order.
  template <class F>
  void for_each(F f) {
    store_.for_each([&](id, auto& entry) {
      cell& each = entry.value;
      if (each.there == 0)
        return;
      if (each.stale) {
        combine_parts(each);
        each.stale = false;
      }
      f(std::as_const(entry.key), *std::as_const(each.total));
    });
  }

  /// Makes all since the last commit final and forgets the keys that left.
  void commit() noexcept {
    for (step& each : steps_)
      if (each.kind == step::came)
        spares_.give(std::move(each.before));
      else if (each.kind == step::went)
        drop_after(columns_[each.position]);
    steps_.clear();
    columns_.commit();
    settled_ = present_;
    fresh_.clear();
    forget(idle_);
  }

  /// Back to the last commit, after an exception or instead of a commit; calls no function.
  void rollback() noexcept {
    for (; !steps_.empty(); steps_.pop_back())
      undo(steps_.back());
    columns_.rollback();
    present_ = settled_;
    forget(fresh_);
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
    std::size_t undo = steps_.capacity() * sizeof(step);
    for (const step& each : steps_)
      undo += each.before.memory_bytes();
    return undo + sizeof(*this) + columns_.memory_bytes() + store_.memory_bytes() + after_bytes_ +
           spares_.memory_bytes() + (fresh_.capacity() + idle_.capacity()) * sizeof(id);
  }

private:
  using part = detail::known_optional_for<C>;
  using known = detail::sparse_values<C>;
  using column = detail::turned_column<C>;

  struct cell {
    std::array<part, 3> parts;   // by `half_windows::slot_of`
    part total;                  // all of them, unless `stale`
    part turned;                 // what the columns turned as number `turning` amount to
    std::uint64_t there : 3 = 0; // which parts there are
    std::uint64_t stale : 1 = 0;
    std::uint64_t turning : 60 = 0;
  };
  using store = keyed_store<key_type, cell>;
  using id = std::uint32_t;

  /// Where time stands, in positions of columns. The half window that is being turned lies in
  /// [turn_first, turn_last); from `turn_next` on that is done.
  struct place {
    std::int64_t half = 0;   // the present one
    std::uint32_t first = 0; // its oldest column
    std::uint32_t turn_first = 0;
    std::uint32_t turn_next = 0;
    std::uint32_t turn_last = 0;
    std::uint64_t turning = 0; // the number of the half window that is being turned
    batch_time now;
  };

  /// What happened to a column, in order to undo it.
  struct step {
    enum action { came, turned, went } kind;
    std::uint32_t position;
    known before; // of one that came: the parts it was added to
  };

  static constexpr std::size_t fetch_ahead = 16;

  /// Calls `work(i, cell)` for the cells of `ids`.
  template <class Work>
  void visit(std::span<const id> ids, Work work) {
    for (std::size_t i = 0, n = ids.size(); i < n; ++i) {
      __builtin_prefetch(&std::as_const(store_).at(ids[std::min(i + fetch_ahead, n - 1)]).value, 1);
      work(i, store_.at(ids[i]).value);
    }
  }

  std::size_t slot_of(const column& of) const noexcept {
    return detail::half_windows::slot_of(halves_.number_of(of.time));
  }

  /// Puts a part that is there or not into a cell, and what was there into its place.
  static void exchange(cell& of, std::size_t slot, known& with, std::size_t i) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    const bool there = with.exchange(i, of.parts[slot], (of.there & bit) != 0);
    of.there = there ? of.there | bit : of.there & ~bit;
    of.stale = true;
  }

  std::uint32_t unturned() const noexcept { return present_.turn_next - present_.turn_first; }

  /// The present batch's share in the turning; all that is left of it when a half is over.
  void turn_share(batch_time now) {
    if (const std::int64_t half = halves_.number_of(now); half != present_.half) {
      turn(unturned(), now);
      const std::uint32_t last = columns_.last();
      present_ = {half, last, present_.first, last, last, present_.turning + 1, present_.now};
    }
    if (const std::uint32_t left = unturned(); left != 0)
      turn(halves_.share(left, columns_[present_.turn_first].time, present_.now, now), now);
    present_.now = now;
  }

  /// Turns the newest `n` that are left; none of a half window of which nothing stays.
  void turn(std::size_t n, batch_time now) {
    if (n != 0 && halves_.expired(columns_[present_.turn_last - 1].time, now))
      present_.turn_next = present_.turn_first;
    else
      for (; n != 0; --n, --present_.turn_next)
        turn_column(present_.turn_next - 1);
  }

  /// The cell's `turned` of before is kept in `after`, to be put back by `undo`: it is the value
  /// after this column where this half window was being turned already, else it only waits there.
  /// Marked: it was of the half window that was being turned at the last commit.
  void turn_column(std::uint32_t position) {
    detail::reserve_more(steps_, 1);
    column& each = columns_[position];
    make_after(each);
    steps_.push_back({step::turned, position, {}});
    visit(each.ids, [&](std::size_t i, cell& of) {
      const bool later = of.turning == present_.turning;
      const C& value = each.values[i];
      part sum;
      sum = later ? C(combine_(value, *std::as_const(of.turned))) : C(value);
      each.after.add(std::exchange(of.turned, std::move(sum)), later,
                     of.turning == settled_.turning);
      of.turning = present_.turning;
    });
  }

  void make_after(column& of) {
    drop_after(of);
    of.after = spares_.take(of.ids.size());
    after_bytes_ += of.after.memory_bytes();
  }

  void drop_after(column& of) noexcept {
    after_bytes_ -= of.after.memory_bytes();
    spares_.give(std::exchange(of.after, {}));
  }

  void remove(column& gone) {
    detail::reserve_more(steps_, 1);
    detail::reserve_more(idle_, gone.ids.size());
    if (gone.after.size() == 0) { // nothing of its half window stays
      make_after(gone);
      gone.after.fill(gone.ids.size());
    }
    steps_.push_back({step::went, columns_.first() - 1, {}});
    visit(gone.ids, [&, slot = slot_of(gone)](std::size_t i, cell& of) {
      exchange(of, slot, gone.after, i);
      if (of.there == 0)
        idle_.push_back(gone.ids[i]);
    });
  }

  void add(column& to, std::size_t slot, id at, const C& value) {
    cell& of = store_.at(at).value;
    part& into = of.parts[slot];
    const std::uint64_t bit = std::uint64_t{1} << slot;
    const bool there = (of.there & bit) != 0;
    part sum;
    sum = there ? C(combine_(*std::as_const(into), value)) : C(value);
    to.ids.push_back(at);
    to.values.push_back(value);
    steps_.back().before.add(std::exchange(into, std::move(sum)), there);
    of.there |= bit;
    of.stale = true;
  }

  void undo(step& last) noexcept {
    column& of = columns_[last.position];
    if (last.kind == step::turned)
      return undo_turn(of);
    known& with = last.kind == step::came ? last.before : of.after;
    visit(std::span{of.ids}.first(with.size()),
          [&, slot = slot_of(of)](std::size_t i, cell& each) { exchange(each, slot, with, i); });
    if (last.kind == step::came)
      drop_after(of);
  }

  void undo_turn(column& of) noexcept {
    visit(std::span{of.ids}.first(of.after.size()), [&](std::size_t i, cell& each) {
      each.turned = std::move(of.after[i]);
      each.turning = of.after.marked(i) ? settled_.turning : 0;
    });
    drop_after(of);
  }

  void combine_parts(cell& of) {
    part sum;
    bool any = false;
    for (std::int64_t half = present_.half - 2; half <= present_.half; ++half) {
      const std::size_t slot = detail::half_windows::slot_of(half);
      if ((of.there >> slot & 1) == 0)
        continue;
      const C& next = *std::as_const(of.parts[slot]);
      sum = std::exchange(any, true) ? C(combine_(*std::as_const(sum), next)) : C(next);
    }
    of.total = std::move(sum);
  }

  template <class Entry>
  id add_key(const Entry& entry) {
    detail::reserve_more(fresh_, 1);
    const id at = store_.insert(detail::stored_form<K>(entry.key), entry.hash, cell{});
    fresh_.push_back(at);
    return at;
  }

  /// Erases the keys that no batch has brought back. (Only entries that are shared with a snapshot
  /// take memory to erase.)
  void forget(std::vector<id>& keys) noexcept {
    for (; !keys.empty(); keys.pop_back())
      if (const id at = keys.back();
          store_.contains(at) && std::as_const(store_).at(at).value.there == 0)
        store_.erase(at);
  }

  detail::batch_columns<column> columns_;
  detail::half_windows halves_;
  store store_;
  place present_;
  place settled_;           // at the last commit
  std::vector<step> steps_; // since then
  std::vector<id> fresh_;   // keys that the open batches added
  std::vector<id> idle_;    // keys that may have to be forgotten
  detail::spare_values<C> spares_;
  std::size_t after_bytes_ = 0;
  [[no_unique_address]] Combine combine_;
};

} // namespace millrace
