#pragma once

#include "millrace/chunk/contains_view.hpp"
#include "millrace/eventtime/event_options.hpp"
#include "millrace/eventtime/kernel/key_timers.hpp"
#include "millrace/eventtime/kernel/lookup_key.hpp"
#include "millrace/eventtime/kernel/session_list.hpp"
#include "millrace/eventtime/window_spec.hpp"
#include "millrace/state/keyed_store.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// Session windows of event time over the keys of one partition: used as `keyed_event_window`, and
/// what is said there of batches, lateness, functions, keys, threads and the bound holds here too,
/// except for what follows.
///
/// A session is a window [first record, last record + gap) of one key. A record joins the session
/// that its own window [t, t + gap) overlaps; when it lies between two, it makes them one, and
/// their accumulators are merged in order of time: the earlier one, the record, the later one.
/// Otherwise values are merged in order of arrival.
///
/// A session fires when the watermark reaches its end. With `allowed_lateness` it is kept that much
/// longer; a late record may then change it, also extend it or join it to another one. The new
/// result is emitted in the same batch, or when the watermark reaches the new end if that lies
/// ahead. It stands for every earlier result of the key whose window it overlaps. A record is late
/// when even the session that it would be part of is closed; one that comes after its session is
/// closed, but is not late by itself, begins a new session.
template <class K, class C, class Functions>
class session_windows {
public:
  using key_type = owned_t<K>;
  static_assert(!contains_view_v<C>, "an accumulator outlives its batch: it must own its text");
  static_assert(std::is_copy_constructible_v<C> && std::is_nothrow_move_constructible_v<C> &&
                    std::is_nothrow_move_assignable_v<C>,
                "accumulators must be copyable and move without throwing");

  /// Throws stream_error(invalid_argument) for other than session windows and for options that are
  /// not valid.
  session_windows(const window_spec& spec, Functions functions, hash_seed seed,
                  event_window_options options = {})
      : gap_{require_session(spec).gap()},
        functions_{std::move(functions)},
        options_{options},
        store_{seed} {
    validate(options);
  }

  void begin(event_time watermark) noexcept {
    rollback();
    ++batch_;
    next_watermark_ = std::max(watermark_, std::min(watermark, highest_watermark));
  }

  template <class Q, class V>
  arrival add(const Q& key, std::uint64_t hash, event_time t, V&& value) {
    const auto& wanted = detail::lookup_key<key_type>(key);
    id of = store_.find(wanted, hash);
    std::size_t at = 0;
    if (of != store::none) {
      const list& sessions = std::as_const(store_).at(of).value;
      at = sessions.find(t, gap_);
      if (sessions.reaches_back(at, t, gap_)) {
        extend(of, at, t, std::forward<V>(value));
        return arrival::kept;
      }
    }
    if (saturating_add(saturating_add(t, gap_), options_.allowed_lateness) <= watermark_)
      return arrival::late;
    if (of == store::none)
      of = add_key(wanted, hash);
    begin_session(of, at, t, functions_.create(std::forward<V>(value)));
    return arrival::kept;
  }

  /// Calls emit(key, event_window, const C&) for all that is due, in order of end, then start, then
  /// in order of the sessions' first records.
  template <class Emit>
  void fire(Emit emit) {
    due_.clear();
    for (const change& each : changed_) {
      const std::size_t at = std::as_const(store_).at(each.of).value.find(each.inside, gap_);
      if (store_.at(each.of).value.all[at].window(gap_).end <= next_watermark_)
        queue(each.of, at);
    }
    take_due_timers();
    timers_.reserve(changed_.size() + taken_.size());
    std::sort(due_.begin(), due_.end(), [](const due& a, const due& b) {
      return std::tie(a.window, a.born) < std::tie(b.window, b.born);
    });
    for (const due& each : due_) {
      const entry& in = std::as_const(store_).at(each.of);
      emit(in.key, each.window, in.value.all[each.at].value);
    }
  }

  void commit() noexcept {
    watermark_ = next_watermark_;
    for (const auto& timer : taken_)
      if (is_current(timer)) {
        store_.at(timer.key).value.due = latest_event_time;
        settle(timer.key);
      }
    for (const change& each : changed_)
      settle(each.of);
    forget_batch();
  }

  void rollback() noexcept {
    for (; !undo_.empty(); undo_.pop_back())
      undo_last();
    for (const auto& timer : taken_)
      timers_.add(timer.due, timer.key);
    next_watermark_ = watermark_;
    forget_batch();
  }

  /// The watermark of the last committed batch.
  [[nodiscard]] event_time watermark() const noexcept { return watermark_; }

  /// Open sessions.
  [[nodiscard]] std::size_t size() const noexcept { return open_; }

  /// What the windows hold themselves; not what keys and accumulators own beyond their own size.
  [[nodiscard]] std::size_t memory_bytes() const {
    return store_.memory_bytes() + timers_.memory_bytes() + open_ * sizeof(session);
  }

  /// For snapshots, between batches: f(key, hash, first, last, const C&) for all open sessions, in
  /// the order in which `restore` must get them back.
  template <class F>
  void for_each(F f) const {
    std::vector<std::pair<const entry*, const session*>> all;
    all.reserve(open_);
    store_.for_each([&](id, const entry& of) {
      for (const session& each : of.value.all)
        all.push_back({&of, &each});
    });
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.second->born < b.second->born; });
    for (const auto& [of, each] : all)
      f(of->key, of->hash, each->first, each->last, each->value);
  }

  /// Into new windows, before the first batch: the watermark, then all sessions.
  void restore(event_time watermark) noexcept { watermark_ = next_watermark_ = watermark; }
  void restore(const key_type& key, std::uint64_t hash, event_time first, event_time last,
               C value) {
    id of = store_.find(key, hash);
    if (of == store::none)
      of = add_key(key, hash);
    const std::size_t at = std::as_const(store_).at(of).value.find(first, gap_);
    begin_session(of, at, first, std::move(value));
    store_.at(of).value.all[at].last = last;
    timers_.reserve(1);
    commit();
  }

private:
  using session = detail::session<C>;
  using list = detail::session_list<C>;
  using store = keyed_store<key_type, list>;
  using id = typename store::id;
  using entry = typename store::entry;

  enum class step : std::uint8_t { none, new_key, begun, changed, joined };

  /// One step of this batch, undone last first.
  struct undo {
    step what = step::none;
    id of = store::none;
    std::size_t at = 0;
    std::optional<session> before;
  };

  /// A session that this batch changed: the one around this time.
  struct change {
    id of;
    event_time inside;
  };

  struct due {
    event_window window;
    std::uint64_t born;
    id of;
    std::size_t at;
  };

  /// Sessions that end beyond 64 bits, and are cut off there, never fire.
  static constexpr event_time highest_watermark{latest_event_time.ms() - 1};

  static const window_spec& require_session(const window_spec& spec) {
    if (!spec.is_session())
      throw stream_error(errc::invalid_argument,
                         "session windows need a gap, but got " + spec.describe());
    return spec;
  }

  template <class Q>
  id add_key(const Q& key, std::uint64_t hash) {
    undo_.emplace_back();
    const id of = store_.insert(key, hash, list{});
    undo_.back() = {step::new_key, of, 0, std::nullopt};
    return of;
  }

  /// Steps are noted before the next may throw, so that rollback knows how far it got.
  void begin_session(id of, std::size_t at, event_time t, C value) {
    if (open_ >= options_.max_open_windows)
      detail::throw_too_many_windows(options_.max_open_windows);
    undo_.emplace_back();
    changed_.push_back({of, t});
    auto& all = store_.at(of).value.all;
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(at),
               session{t, t, next_born_, batch_, 0, std::move(value)});
    undo_.back() = {step::begun, of, at, std::nullopt};
    ++next_born_;
    ++open_;
  }

  template <class V>
  void extend(id of, std::size_t at, event_time t, V&& value) {
    auto& all = store_.at(of).value.all;
    session& changing = all[at];
    if (changing.touched != batch_) {
      changed_.push_back({of, changing.first});
      undo_.push_back({step::changed, of, at, changing});
      changing.touched = batch_;
    }
    functions_.merge_value(changing.value, std::forward<V>(value));
    changing.first = changing.first.min(t);
    changing.last = changing.last.max(t);
    if (store_.at(of).value.reaches_back(at + 1, t, gap_))
      join_next(of, at);
  }

  void join_next(id of, std::size_t at) {
    auto& all = store_.at(of).value.all;
    session& joined = all[at];
    session& next = all[at + 1];
    undo_.emplace_back();
    functions_.merge_combiners(joined.value, std::as_const(next.value));
    joined.last = next.last;
    joined.born = std::min(joined.born, next.born);
    undo_.back() = {step::joined, of, at + 1, std::move(next)};
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    --open_;
  }

  void undo_last() noexcept {
    undo& last = undo_.back();
    if (last.what == step::none)
      return;
    if (last.what == step::new_key) {
      store_.erase(last.of);
      return;
    }
    auto& all = store_.at(last.of).value.all;
    const auto at = all.begin() + static_cast<std::ptrdiff_t>(last.at);
    if (last.what == step::changed) {
      *at = std::move(*last.before);
    } else if (last.what == step::begun) {
      all.erase(at);
      --open_;
    } else {
      // There is room: the list had this many sessions before.
      all.insert(at, std::move(*last.before));
      ++open_;
    }
  }

  void queue(id of, std::size_t at) {
    session& found = store_.at(of).value.all[at];
    if (found.queued == batch_)
      return;
    due_.push_back({found.window(gap_), found.born, of, at});
    found.queued = batch_;
  }

  /// Finds the sessions that the watermark has reached in this batch, changed or not.
  void take_due_timers() {
    while (timers_.earliest() && timers_.earliest()->due <= next_watermark_) {
      taken_.emplace_back();
      taken_.back() = timers_.take();
      if (!is_current(taken_.back()))
        continue;
      const id of = taken_.back().key;
      const list& sessions = std::as_const(store_).at(of).value;
      for (std::size_t at = sessions.first_ending_after(watermark_, gap_);
           at < sessions.all.size() && sessions.all[at].window(gap_).end <= next_watermark_; ++at)
        queue(of, at);
    }
  }

  /// Keys come and go and are looked at early: not every timer still matters.
  [[nodiscard]] bool is_current(const detail::key_timers::timer& timer) const {
    return store_.contains(timer.key) && store_.at(timer.key).value.due == timer.due;
  }

  /// Forgets the key's closed sessions and sees to its timer.
  void settle(id of) noexcept {
    if (!store_.contains(of))
      return;
    list& sessions = store_.at(of).value;
    const std::size_t closed = sessions.first_ending_after(
        saturating_subtract(watermark_, options_.allowed_lateness), gap_);
    sessions.all.erase(sessions.all.begin(),
                       sessions.all.begin() + static_cast<std::ptrdiff_t>(closed));
    open_ -= closed;
    if (sessions.all.empty()) {
      store_.erase(of);
      return;
    }
    event_time next =
        saturating_add(sessions.all.front().window(gap_).end, options_.allowed_lateness);
    if (const std::size_t at = sessions.first_ending_after(watermark_, gap_);
        at < sessions.all.size())
      next = next.min(sessions.all[at].window(gap_).end);
    if (next < sessions.due) {
      timers_.add(next, of);
      sessions.due = next;
    }
  }

  void forget_batch() noexcept {
    undo_.clear();
    changed_.clear();
    taken_.clear();
  }

  duration gap_;
  Functions functions_;
  event_window_options options_;
  store store_;
  detail::key_timers timers_;
  event_time watermark_ = earliest_event_time;
  event_time next_watermark_ = earliest_event_time;
  std::uint64_t batch_ = 0;
  std::uint64_t next_born_ = 0;
  std::size_t open_ = 0;
  std::vector<undo> undo_;
  std::vector<change> changed_;
  std::vector<detail::key_timers::timer> taken_;
  std::vector<due> due_;
};

} // namespace millrace
