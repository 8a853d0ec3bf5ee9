#pragma once

#include "millrace/chunk/contains_view.hpp"
#include "millrace/chunk/keyed_table.hpp"
#include "millrace/eventtime/event_options.hpp"
#include "millrace/eventtime/kernel/lookup_key.hpp"
#include "millrace/eventtime/kernel/pane_index.hpp"
#include "millrace/eventtime/kernel/pane_key.hpp"
#include "millrace/state/keyed_store.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// Tumbling and sliding windows of event time over the keys of one partition.
///
/// A batch is `begin`, any number of `add`, one `fire`, and `commit`; after an exception `rollback`
/// (which `begin` does too) brings back exactly what was before. Nothing is late against the
/// watermark of its own batch: records are judged by the watermark before the batch, and windows
/// fire, after all its records, by the new one. So how records are cut into batches decides neither
/// what is in a window nor what fires, as long as nothing is late.
///
/// A window fires when the watermark reaches its end, with all keys that have records in it. With
/// `allowed_lateness` it is kept that much longer, and each batch with late records for it emits
/// the new result for their keys. A record is late when all its windows are closed; with some of
/// them closed it counts in the others.
///
/// `Functions` has `create(value)`, `merge_value(C&, value)` and `merge_combiners(C&, const C&)`,
/// as `aggregator` does; all may throw. Values are merged in order of arrival within a pane (see
/// `window_spec::pane`), once for each record; the panes of a sliding window are merged in order of
/// time each time it fires. For `rollback` the accumulators that a batch changes are copied once.
///
/// Keys are kept owned; hashes passed in must be `key_hash<K>` under the seed. Single owner, one
/// thread at a time. A batch costs its records and what it fires, however many windows are open.
/// Bound: `max_open_windows`, then `add` throws stream_error(limit_exceeded).
template <class K, class C, class Functions>
class keyed_event_window {
public:
  using key_type = owned_t<K>;
  static_assert(!contains_view_v<C>, "an accumulator outlives its batch: it must own its text");
  static_assert(std::is_copy_constructible_v<C> && std::is_nothrow_move_constructible_v<C> &&
                    std::is_nothrow_move_assignable_v<C>,
                "accumulators must be copyable and move without throwing");

  /// Throws stream_error(invalid_argument) for session windows (see `session_windows`) and for
  /// options that are not valid.
  keyed_event_window(const window_spec& spec, Functions functions, hash_seed seed,
                     event_window_options options = {})
      : spec_{require_fixed(spec)},
        functions_{std::move(functions)},
        options_{options},
        store_{seed},
        panes_{spec},
        merged_{seed} {
    validate(options);
  }

  /// Starts a batch. The watermark is that of the batch, its own records included; one that is
  /// behind the last one counts as the last one.
  void begin(event_time watermark) noexcept {
    rollback();
    next_watermark_ = std::max(watermark_, std::min(watermark, highest_watermark));
  }

  /// Adds the record to its windows.
  template <class Q, class V>
  arrival add(const Q& key, std::uint64_t hash, event_time t, V&& value) {
    if (!(here_.span.start <= t && t < here_.span.end))
      visit_pane(t);
    if (here_.closed)
      return arrival::late;
    const auto& wanted = detail::lookup_key<key_type>(key);
    const detail::pane_key_view<std::remove_cvref_t<decltype(wanted)>> cell_key{wanted,
                                                                                here_.span.start};
    const std::uint64_t cell_hash = hash ^ here_.salt;
    const id found = store_.find(cell_key, cell_hash);
    if (found == store::none) {
      add_cell(cell_key, cell_hash, functions_.create(std::forward<V>(value)));
    } else {
      cell& changing = store_.at(found).value;
      remember(found, changing);
      functions_.merge_value(changing.value, std::forward<V>(value));
    }
    return arrival::kept;
  }

  /// Calls emit(key, event_window, c) for all that is due: first the windows that fired before and
  /// got late records in this batch, then those that the watermark has now reached; both in order
  /// of their ends, and in a window in order of time by pane, in a pane in order of arrival. `c` is
  /// a const C& or, if it is not needed any more, a C&&. What `emit` throws comes through.
  template <class Emit>
  void fire(Emit emit) {
    fire_updates(emit);
    for (auto window = panes_.next_window(watermark_, next_watermark_); window;
         window = panes_.next_window(window->end, next_watermark_))
      fire_window(*window, emit);
  }

  void commit() noexcept {
    watermark_ = next_watermark_;
    panes_.drop_until(saturating_subtract(watermark_, options_.allowed_lateness),
                      [this](id closed) { store_.erase(closed); });
    touched_.clear();
    here_ = {};
  }

  void rollback() noexcept {
    for (; !touched_.empty(); touched_.pop_back()) {
      touch& last = touched_.back();
      if (last.before) {
        store_.at(last.of).value.value = std::move(*last.before);
      } else if (last.of != store::none) {
        if (last.listed)
          panes_.take_back(std::as_const(store_).at(last.of).key.pane);
        store_.erase(last.of);
      }
    }
    next_watermark_ = watermark_;
    here_ = {};
  }

  /// The watermark of the last committed batch.
  [[nodiscard]] event_time watermark() const noexcept { return watermark_; }

  /// Pairs of key and pane that are open.
  [[nodiscard]] std::size_t size() const noexcept { return store_.size(); }

  /// What the windows hold themselves; not what keys and accumulators own beyond their own size.
  [[nodiscard]] std::size_t memory_bytes() const {
    return store_.memory_bytes() + merged_.memory_bytes() + store_.size() * sizeof(id);
  }

  /// For snapshots, between batches: f(key, hash, start of the pane, const C&) for all that is
  /// open, in the order in which `restore` must get it back.
  template <class F>
  void for_each(F f) const {
    for (const auto& [pane, members] : panes_.panes())
      for (const id member : members) {
        const entry& at = store_.at(member);
        f(at.key.key, at.hash ^ salt_of(pane), pane, at.value.value);
      }
  }

  /// Into new windows, before the first batch: the watermark, then all that was open.
  void restore(event_time watermark) noexcept { watermark_ = next_watermark_ = watermark; }
  void restore(const key_type& key, std::uint64_t hash, event_time pane, C value) {
    add_cell(detail::pane_key_view<key_type>{key, pane}, hash ^ salt_of(pane), std::move(value));
    touched_.clear();
  }

private:
  struct cell {
    C value;
    std::uint32_t touch; // where `touched_` has it, if it has
  };
  using store = keyed_store<detail::pane_key<key_type>, cell>;
  using id = typename store::id;
  using entry = typename store::entry;

  /// A cell that this batch made or changed.
  struct touch {
    id of = store::none;
    bool listed = false;
    std::optional<C> before; // none: it is new
  };

  /// The pane of the last record.
  struct place {
    event_window span{latest_event_time, earliest_event_time};
    std::uint64_t salt = 0;
    bool closed = false;
  };

  /// One late result: of this cell's key, in this window.
  struct update {
    event_window window;
    id of;
  };

  /// Windows that end beyond 64 bits, and are cut off there, never fire.
  static constexpr event_time highest_watermark{latest_event_time.ms() - 1};

  static const window_spec& require_fixed(const window_spec& spec) {
    if (spec.is_session())
      throw stream_error(errc::invalid_argument,
                         "keyed event windows are tumbling or sliding, but got " + spec.describe() +
                             "; use session windows");
    return spec;
  }

  [[nodiscard]] std::uint64_t salt_of(event_time pane) const {
    return detail::pane_salt(pane, store_.seed());
  }

  void visit_pane(event_time t) {
    here_.span = spec_.pane(t);
    here_.salt = salt_of(here_.span.start);
    here_.closed =
        saturating_add(spec_.assign(t).back().end, options_.allowed_lateness) <= watermark_;
  }

  /// Steps are noted before the next may throw, so that rollback knows how far it got.
  template <class Key>
  void add_cell(const Key& key, std::uint64_t hash, C value) {
    if (store_.size() >= options_.max_open_windows)
      detail::throw_too_many_windows(options_.max_open_windows);
    touched_.emplace_back();
    const id added =
        store_.insert(key, hash, cell{std::move(value), static_cast<id>(touched_.size() - 1)});
    touched_.back().of = added;
    panes_.append(key.pane, added);
    touched_.back().listed = true;
  }

  void remember(id at, cell& changing) {
    if (changing.touch < touched_.size() && touched_[changing.touch].of == at)
      return;
    touched_.push_back({at, true, changing.value});
    changing.touch = static_cast<std::uint32_t>(touched_.size() - 1);
  }

  template <class Emit>
  void fire_updates(Emit& emit) {
    updates_.clear();
    const event_time open_after = saturating_subtract(watermark_, options_.allowed_lateness);
    for (const touch& each : touched_) {
      const auto windows = spec_.assign(std::as_const(store_).at(each.of).key.pane);
      const std::size_t fired = windows.ended_by(watermark_);
      for (std::size_t i = windows.ended_by(open_after); i < fired; ++i)
        updates_.push_back({windows[i], each.of});
    }
    std::stable_sort(updates_.begin(), updates_.end(),
                     [](const update& a, const update& b) { return a.window < b.window; });
    for (std::size_t i = 0; i < updates_.size();) {
      const event_window window = updates_[i].window;
      merged_.clear();
      for (; i < updates_.size() && updates_[i].window == window; ++i)
        merge_key(updates_[i].of, window);
      emit_merged(window, emit);
    }
  }

  /// All panes of the cell's key in the window, unless they are merged already.
  void merge_key(id at, event_window window) {
    const entry& first = std::as_const(store_).at(at);
    const std::uint64_t key_hash = first.hash ^ salt_of(first.key.pane);
    const detail::key_reference<key_type> key{&first.key.key};
    if (merged_.find(key, key_hash))
      return;
    std::optional<C> sum;
    for (const auto& [pane, members] : panes_.panes_of(window)) {
      const id part = store_.find(detail::pane_key_view<key_type>{first.key.key, pane},
                                  key_hash ^ salt_of(pane));
      if (part == store::none)
        continue;
      const C& value = std::as_const(store_).at(part).value.value;
      if (sum)
        functions_.merge_combiners(*sum, value);
      else
        sum.emplace(value);
    }
    merged_.get_or_insert(key, key_hash, [&] { return std::move(*sum); });
  }

  template <class Emit>
  void fire_window(event_window window, Emit& emit) {
    const auto panes = panes_.panes_of(window);
    if (std::next(panes.begin()) == panes.end()) {
      for (const id member : panes.begin()->second) {
        const entry& at = std::as_const(store_).at(member);
        emit(at.key.key, window, at.value.value);
      }
      return;
    }
    merged_.clear();
    for (const auto& [pane, members] : panes)
      merge_pane(salt_of(pane), members);
    emit_merged(window, emit);
  }

  void merge_pane(std::uint64_t salt, const std::vector<id>& members) {
    const auto at = [&](std::size_t i) -> const entry& {
      return std::as_const(store_).at(members[i]);
    };
    hashes_.resize(members.size());
    for (std::size_t i = 0; i < members.size(); ++i)
      hashes_[i] = at(i).hash ^ salt;
    merged_.upsert(
        members.size(), hashes_.data(),
        [&](std::size_t i) { return detail::key_reference<key_type>{&at(i).key.key}; },
        [&](std::size_t i) -> C { return at(i).value.value; },
        [&](C& sum, std::size_t i) { functions_.merge_combiners(sum, at(i).value.value); });
  }

  template <class Emit>
  void emit_merged(event_window window, Emit& emit) {
    for (auto& result : merged_.entries())
      emit(*result.key.key, window, std::move(result.value));
    merged_.clear();
  }

  window_spec spec_;
  Functions functions_;
  event_window_options options_;
  store store_;
  detail::pane_index panes_;
  event_time watermark_ = earliest_event_time;
  event_time next_watermark_ = earliest_event_time;
  std::vector<touch> touched_;
  place here_;
  keyed_table<detail::key_reference<key_type>, C> merged_; // of the window that is fired just now
  std::vector<update> updates_;
  std::vector<std::uint64_t> hashes_;
};

} // namespace millrace
