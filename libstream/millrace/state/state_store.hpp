#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"
#include "millrace/state/kernel/open_batch.hpp"
#include "millrace/state/kernel/timer_wheel.hpp"
#include "millrace/state/kernel/undo_log.hpp"
#include "millrace/state/keyed_store.hpp"
#include "millrace/state/snapshot.hpp"
#include "millrace/state/state.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// What one partition of `map_with_state` and `update_state_by_key` keeps from batch to batch: a
/// state for each key, and when it was last touched.
///
/// A batch is `begin`, then any of `put`, `update`, `update_untouched`, `expire`, then `commit`.
/// Until `commit` everything can be undone by `rollback`, which is what must follow an exception of
/// a function passed in; the same batch may then begin again. A batch costs what the keys cost that
/// it touches, however many others there are.
///
/// A key is touched when its state is updated and, if there is a timeout, also when it has data
/// and a state. A key that was touched longer ago than the timeout (strictly) is due.
///
/// Single owner, one thread at a time, but snapshots and deltas are for any thread. Functions
/// passed in must not use the store. Bound: `most` keys; one more throws
/// stream_error(limit_exceeded). Calls in the wrong order throw illegal_state.
/// Memory over key and state, once there are many keys: 26 to 32 bytes a key with a timeout.
/// Besides that the undo log: 8 bytes and the old state for each key that the last batch touched.
template <class K, class S>
class state_store {
  static_assert(std::is_nothrow_move_constructible_v<S> && std::is_nothrow_move_assignable_v<S>,
                "a state must move without throwing");

public:
  using keys = keyed_store<K, detail::kept_state<S>>;
  using id = typename keys::id;

  /// Throws stream_error(invalid_argument) for a timeout that is negative or beyond 2^60 ms.
  explicit state_store(hash_seed seed, std::optional<duration> timeout = std::nullopt,
                       std::size_t most = keys::max_entries)
      : keys_{seed, most},
        timeout_ms_{detail::checked_timeout_ms(timeout)},
        touch_all_{timeout.has_value()},
        wheel_{duration(timeout_ms_)},
        changes_{keys::per_segment} {}

  hash_seed seed() const { return keys_.seed(); }
  std::size_t size() const { return keys_.size() - gone_; }
  bool in_batch() const { return batch_.is_open(); }

  /// Times of batches go up. A batch that was rolled back may begin again.
  void begin(batch_time time) {
    batch_.check_begin(time);
    if (wheel_outdated_)
      fill_wheel(time.ms() - 1); // so that what is due already is looked at in this batch
    batch_.begin(time);
    saved_now_ = mark(time.ms(), mark::saved);
    removed_now_ = mark(time.ms(), mark::removed);
  }

  /// On an exception, which can only be std::bad_alloc, the batch can still be rolled back.
  void commit() {
    batch_.check_open("commit");
    if (touch_all_)
      turn_wheel();
    if (tracking_)
      track_changes();
    log_.removed.for_each([this](id at) {
      if (keys_.contains(at) && std::as_const(keys_).at(at).value.mark.is_removed())
        keys_.erase(at);
    });
    gone_ = 0;
    batch_.commit();
    log_.clear();
  }

  /// Brings back what was before `begin`. Outside of a batch it does nothing.
  void rollback() noexcept {
    log_.states.for_each([this](auto& old) {
      detail::kept_state<S>& kept = keys_.at(old.id).value;
      kept.mark = mark(batch_.now_ms() - old.age_ms, mark::touched);
      kept.value = std::move(old.value);
    });
    log_.touches.for_each([this](auto& old) { keys_.at(old.id).value.mark = old.mark; });
    log_.for_each_inserted([this](id at) { keys_.erase(at); });
    gone_ = 0;
    batch_.rollback();
    log_.clear();
  }

  /// Gives the key this state, whatever it had: for initial states, in the first batch.
  template <class Q>
  void put(const Q& key, std::uint64_t hash, S value) {
    batch_.check_open("put");
    const id at = keys_.find(key, hash);
    if (at == keys::none)
      insert(key, hash, std::move(value));
    else
      visit(at, [&](state<S>& handle) { handle.update(std::move(value)); });
  }

  /// Calls f(i, state<S>&) for i in [0, n), in order, with the state of the key `key_at(i)`, whose
  /// hash is `hashes[i]`. A key comes into being when f updates its state and goes when f removes
  /// it; a later record of the key sees what an earlier one did.
  template <class KeyAt, class F>
  void update(std::size_t n, const std::uint64_t* hashes, KeyAt key_at, F f) {
    batch_.check_open("update");
    keys_.probe(n, hashes, key_at, [&](std::size_t i, id at) {
      if (at != keys::none) [[likely]] {
        visit(at, [&](state<S>& handle) { f(i, handle); });
      } else {
        state<S> handle;
        f(i, handle);
        if (handle.change() == state_change::updated)
          insert(key_at(i), hashes[i], handle.take());
      }
    });
  }

  /// f(key, state<S>&) for each key that this batch has not touched so far.
  template <class F>
  void update_untouched(F f) {
    batch_.check_open("update_untouched");
    for (id at = 0; at < keys_.id_bound(); ++at)
      if (keys_.contains(at) && std::as_const(keys_).at(at).value.mark.ms() != batch_.now_ms())
        visit(at, [&](state<S>& handle) { f(std::as_const(keys_).at(at).key, handle); });
  }

  /// f(key, state<S>& that is timing out) for each key that is due, which then goes: at once in the
  /// batch when it is due. To be called after the batch's data, which keeps its keys alive.
  template <class F>
  void expire(F f) {
    batch_.check_open("expire");
    if (!touch_all_)
      return;
    wheel_.for_each_due(batch_.now_ms(), [&](std::span<const id> ids) {
      for (std::size_t i = 0; i < ids.size(); ++i) {
        fetch_ahead(ids, i);
        if (is_due(ids[i]))
          time_out(ids[i], f);
      }
    });
  }

  /// f(key, const S&) for each key that this batch has touched and that has a state.
  template <class F>
  void touched(F f) const {
    log_.for_each_touched([&](id at) { visit_existing(at, f); });
  }

  /// f(key, const S&) for each key, during a batch as the batch left it so far.
  template <class F>
  void for_each(F f) const {
    keys_.for_each([&](id, const auto& entry) {
      if (!entry.value.mark.is_removed())
        f(entry.key, entry.value.value);
    });
  }

  /// The state of the key, or null; holds until the next call that is not const.
  template <class Q>
  const S* find(const Q& key, std::uint64_t hash) const {
    const id at = keys_.find(key, hash);
    return at == keys::none || keys_.at(at).value.mark.is_removed() ? nullptr
                                                                    : &keys_.at(at).value.value;
  }

  /// All states after the last batch, to be called between batches; deltas count from here.
  /// Copies nothing now: see state_snapshot.
  state_snapshot<K, S> full_snapshot() {
    state_snapshot<K, S> all = view();
    restart_tracking();
    return all;
  }

  /// As `full_snapshot`, without a consequence for deltas.
  state_snapshot<K, S> view() {
    batch_.check_closed("a snapshot");
    return {batch_time(batch_.last_ms()), size(), keys_.share()};
  }

  /// What changed since the last delta or full snapshot or `restore`, to be called between batches.
  /// Costs what changed. It is complete where there was none of these, or where more keys went than
  /// are worth remembering.
  state_delta<K, S> take_delta() {
    batch_.check_closed("a delta");
    const batch_time time(batch_.last_ms());
    if (!std::exchange(tracking_, false)) {
      state_delta<K, S> all(time, keys_.share());
      restart_tracking();
      return all;
    }
    auto delta =
        detail::collect_delta<K, S>(time, std::exchange(removed_, {}), keys_, changes_.take());
    tracking_ = true;
    return delta;
  }

  /// Brings back a state that a snapshot or delta held, between batches; the next delta counts from
  /// here. Later batches must be later than `touched`.
  void restore(const K& key, S value, batch_time touched) {
    batch_.check_closed("restore");
    batch_.reach(touched);
    const std::uint64_t hash = key_hash<K>{}(key, seed());
    begin_restoring();
    kept restored{mark(touched.ms(), mark::touched), std::move(value)};
    const id at = keys_.find(key, hash);
    if (at == keys::none)
      keys_.insert(key, hash, std::move(restored));
    else
      keys_.at(at).value = std::move(restored);
  }

  /// Forgets a key that a delta removed, if it is there.
  void restore_removed(const K& key) {
    batch_.check_closed("restore");
    begin_restoring();
    const id at = keys_.find(key, key_hash<K>{}(key, seed()));
    if (at != keys::none)
      keys_.erase(at);
  }

  /// As `keyed_store::memory_bytes`.
  std::size_t memory_bytes() const {
    return keys_.memory_bytes() + log_.memory_bytes() + wheel_.memory_bytes() +
           changes_.memory_bytes() + removed_.capacity() * sizeof(K);
  }

private:
  using kept = detail::kept_state<S>;
  using mark = detail::touch_mark;

  template <class Q>
  void insert(const Q& key, std::uint64_t hash, S value) {
    id& logged = log_.inserted.append(keys::none);
    logged = keys_.insert(key, hash, kept{saved_now_, std::move(value)});
  }

  /// Whether a state is so cheap to copy that it goes into the undo log before anybody asks to
  /// change it, and is then changed in place.
  static constexpr bool saved_early = std::is_trivially_copyable_v<S> && sizeof(S) <= 16;

  /// Runs f(handle) on the state of a known key and does what f asks for.
  template <class F>
  [[gnu::always_inline]] void visit(id at, F f) {
    if constexpr (saved_early)
      if (kept* const own = keys_.unshared(at); own != nullptr && is_recent(*own)) [[likely]]
        return visit_in_place(at, *own, f);
    const kept& known = std::as_const(keys_).at(at).value;
    if (known.mark == saved_now_) {
      kept& own = keys_.at(at).value;
      state<S> handle(own.value, true);
      f(handle);
      if (handle.change() == state_change::removed)
        remove(at, own);
    } else if (known.mark == removed_now_) [[unlikely]] {
      revive(at, f);
    } else {
      state<S> handle(&known.value);
      f(handle);
      if (handle.change() == state_change::updated) [[likely]]
        save(at).value = handle.take();
      else if (handle.change() == state_change::removed)
        remove(at, save(at));
      else if (touch_all_)
        touch(at);
    }
  }

  /// Touched by an earlier batch, at a time that the undo log can name.
  bool is_recent(const kept& known) const {
    return static_cast<std::uint64_t>(batch_.now_ms() - known.mark.ms() - 1) <
           std::numeric_limits<std::uint32_t>::max();
  }

  template <class F>
  [[gnu::always_inline]] void visit_in_place(id at, kept& own, F& f) {
    const mark before = own.mark;
    log_.states.append(at, static_cast<std::uint32_t>(batch_.now_ms() - before.ms()), own.value);
    own.mark = saved_now_;
    state<S> handle(own.value, true);
    f(handle);
    if (handle.change() == state_change::updated) [[likely]]
      return;
    if (handle.change() == state_change::removed)
      return remove(at, own);
    own.mark = before;
    log_.states.drop_last();
    if (touch_all_)
      touch(at);
  }

  template <class F>
  void revive(id at, F& f) {
    kept& own = keys_.at(at).value;
    state<S> handle(own.value, false);
    f(handle);
    if (handle.change() == state_change::updated) {
      own.mark = saved_now_;
      --gone_;
    }
  }

  /// Moves the old state into the undo log.
  kept& save(id at) {
    kept& own = keys_.at(at).value;
    std::int64_t age_ms = batch_.now_ms() - own.mark.ms();
    if (age_ms > std::numeric_limits<std::uint32_t>::max()) [[unlikely]] {
      touch(at);
      age_ms = 0;
    }
    log_.states.append(at, static_cast<std::uint32_t>(age_ms), std::move(own.value));
    own.mark = saved_now_;
    return own;
  }

  void touch(id at) {
    kept& own = keys_.at(at).value;
    if (own.mark.ms() == batch_.now_ms())
      return;
    log_.touches.append(at, own.mark);
    own.mark = mark(batch_.now_ms(), mark::touched);
  }

  /// The entry stays, as if it were not there, until the batch is committed: so undoing it needs no
  /// memory. `own` is in the undo log.
  void remove(id at, kept& own) {
    log_.removed.append(at);
    own.mark = removed_now_;
    ++gone_;
  }

  std::int64_t due_ms(const kept& k) const { return k.mark.ms() + timeout_ms_; }

  bool is_due(id at) const {
    if (!keys_.contains(at))
      return false;
    const kept& known = keys_.at(at).value;
    return due_ms(known) < batch_.now_ms() && !known.mark.is_removed();
  }

  template <class F>
  void time_out(id at, F& f) {
    const auto& entry = std::as_const(keys_).at(at);
    state<S> handle(&entry.value.value, true);
    f(entry.key, handle);
    remove(at, save(at));
  }

  void fetch_ahead(std::span<const id> ids, std::size_t i) const {
    constexpr std::size_t ahead = 16;
    if (i + ahead < ids.size())
      __builtin_prefetch(&keys_.at(ids[i + ahead]));
  }

  void turn_wheel() {
    const std::int64_t now = batch_.now_ms();
    wheel_.advance(now, [this](std::span<const id> ids, std::size_t i) {
      fetch_ahead(ids, i);
      if (!keys_.contains(ids[i]))
        return detail::timer_wheel::forget;
      const kept& known = std::as_const(keys_).at(ids[i]).value;
      return known.mark.is_removed() ? detail::timer_wheel::forget : due_ms(known);
    });
    log_.for_each_inserted([&](id at) { wheel_.add(at, now + timeout_ms_, now); });
  }

  void fill_wheel(std::int64_t now) {
    wheel_.clear();
    if (touch_all_)
      std::as_const(keys_).for_each(
          [&](id at, const auto& entry) { wheel_.add(at, due_ms(entry.value), now); });
    wheel_outdated_ = false;
  }

  /// A key listed as removed is marked as changed before, so that a delta is right even if the
  /// commit fails after this and the key stays.
  void track_changes() {
    log_.for_each_touched([this](id at) { changes_.mark(at); });
    log_.removed.for_each([this](id at) {
      const auto& entry = std::as_const(keys_).at(at);
      if (entry.value.mark.is_removed())
        removed_.push_back(entry.key);
    });
    if (removed_.size() > size() + removed_kept_always) {
      removed_ = std::vector<K>();
      changes_.take();
      tracking_ = false;
    }
  }

  template <class F>
  void visit_existing(id at, F& f) const {
    const auto& entry = keys_.at(at);
    if (!entry.value.mark.is_removed())
      f(entry.key, entry.value.value);
  }

  void restart_tracking() {
    tracking_ = true;
    removed_ = std::vector<K>();
    changes_.take();
  }

  /// Restored states come in no order of time, as the wheel wants them.
  void begin_restoring() {
    if (std::exchange(wheel_outdated_, true))
      return;
    restart_tracking();
  }

  static constexpr std::size_t removed_kept_always = 64 * 1024;

  keys keys_;
  std::int64_t timeout_ms_;
  bool touch_all_;
  bool wheel_outdated_ = false;
  bool tracking_ = false; // else the next delta is complete
  detail::open_batch batch_;
  mark saved_now_{0, mark::saved};
  mark removed_now_{0, mark::removed};
  std::size_t gone_ = 0; // entries that this batch has removed
  detail::undo_log<S> log_;
  detail::timer_wheel wheel_;
  detail::change_marks changes_;
  std::vector<K> removed_; // since the last delta
};

} // namespace millrace
