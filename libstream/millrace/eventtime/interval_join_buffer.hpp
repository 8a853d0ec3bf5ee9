#pragma once

#include "millrace/eventtime/event_options.hpp"
#include "millrace/eventtime/kernel/fresh_records.hpp"
#include "millrace/eventtime/kernel/key_timers.hpp"
#include "millrace/eventtime/kernel/lookup_key.hpp"
#include "millrace/eventtime/kernel/time_lane.hpp"
#include "millrace/state/keyed_store.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace millrace {

/// Inner join of two streams by key and event time, for the keys of one partition: every pair with
/// left.time + lower <= right.time <= left.time + upper, exactly once.
///
/// A batch is `begin`, any number of `add_left` and `add_right`, one `join`, and `commit`; after an
/// exception `rollback` (which `begin` does too) brings back exactly what was before. A pair comes
/// out in the batch of the one of its records that comes later.
///
/// Each side has its own watermark. A record behind its side's watermark of the batch before is
/// late: its partners may be gone, so it is joined with none. A record is kept until the other
/// side's watermark shows that no partner can come any more: while one side is idle, the records
/// of the other are kept. Which pairs come out does not depend on how records are cut into batches
/// as long as nothing is late.
///
/// Keys and values are kept owned; hashes passed in must be `key_hash<K>` under the seed. Single
/// owner, one thread at a time. A batch costs its records and pairs, what it forgets, and for each
/// of its keys the records kept that are later than the batch's first one. Bound:
/// `max_buffered_records`, then adding throws stream_error(limit_exceeded).
template <class K, class L, class R>
class interval_join_buffer {
public:
  using key_type = owned_t<K>;
  using left_record = timestamped<owned_t<L>>;
  using right_record = timestamped<owned_t<R>>;

  /// Throws stream_error(invalid_argument) if `lower` is greater than `upper` or an option is not
  /// valid.
  interval_join_buffer(duration lower, duration upper, hash_seed seed,
                       interval_join_options options = {})
      : lower_{lower}, upper_{upper}, most_{options.max_buffered_records}, store_{seed} {
    validate_interval_join(lower, upper, options);
  }

  /// Starts a batch. The watermarks are those of the batch, its own records included; one that is
  /// behind the last one counts as the last one.
  void begin(event_time left_watermark, event_time right_watermark) noexcept {
    rollback();
    left_.next_watermark = std::max(left_.watermark, left_watermark);
    right_.next_watermark = std::max(right_.watermark, right_watermark);
  }

  template <class Q>
  arrival add_left(const Q& key, std::uint64_t hash, event_time t, L value) {
    return add(left_, key, hash, t, std::move(value));
  }

  template <class Q>
  arrival add_right(const Q& key, std::uint64_t hash, event_time t, R value) {
    return add(right_, key, hash, t, std::move(value));
  }

  /// Calls emit(key, const left_record&, const right_record&) for all pairs that this batch
  /// completes: key by key, in the order of their first records in this batch; of a key first the
  /// pairs of each new left record, then those of each new right record with the left ones that
  /// were here before; both in order of time, partners too; records of one time in order of
  /// arrival. What `emit` throws comes through.
  template <class Emit>
  void join(Emit emit) {
    prepare();
    for (std::size_t i = 0; i < touched_.size(); ++i) {
      const entry& in = std::as_const(store_).at(touched_[i].of);
      join_lefts(in, left_.fresh.of(i), right_.fresh.of(i), emit);
      join_rights(in, right_.fresh.of(i), emit);
    }
  }

  void commit() noexcept {
    left_.watermark = left_.next_watermark;
    right_.watermark = right_.next_watermark;
    for (std::size_t i = 0; i < touched_.size(); ++i) {
      state& in = store_.at(touched_[i].of).value;
      in.left.records.merge(left_.fresh.of(i));
      in.right.records.merge(right_.fresh.of(i));
      settle(touched_[i].of);
    }
    take_due(left_, &state::left, [this](event_time t) { return left_expired(t); });
    take_due(right_, &state::right, [this](event_time t) { return right_expired(t); });
    forget_batch();
  }

  void rollback() noexcept {
    for (; !touched_.empty(); touched_.pop_back())
      if (touched_.back().is_new)
        store_.erase(touched_.back().of);
    kept_ -= left_.fresh.size() + right_.fresh.size();
    left_.next_watermark = left_.watermark;
    right_.next_watermark = right_.watermark;
    forget_batch();
  }

  /// The watermarks of the last committed batch.
  [[nodiscard]] event_time left_watermark() const noexcept { return left_.watermark; }
  [[nodiscard]] event_time right_watermark() const noexcept { return right_.watermark; }

  /// Records that wait for partners.
  [[nodiscard]] std::size_t size() const noexcept { return kept_; }

  /// What the buffer holds itself; not what keys and values own beyond their own size.
  [[nodiscard]] std::size_t memory_bytes() const {
    std::size_t bytes =
        store_.memory_bytes() + left_.timers.memory_bytes() + right_.timers.memory_bytes();
    store_.for_each([&](id, const entry& of) {
      bytes += of.value.left.records.memory_bytes() + of.value.right.records.memory_bytes();
    });
    return bytes;
  }

  /// For snapshots, between batches: left(key, hash, const left_record&) and right(...) for all
  /// that is kept; of a key in the order in which `restore_left` and `restore_right` must get it
  /// back.
  template <class Left, class Right>
  void for_each(Left left, Right right) const {
    store_.for_each([&](id, const entry& of) {
      for (const left_record& each : of.value.left.records.records())
        left(of.key, of.hash, each);
      for (const right_record& each : of.value.right.records.records())
        right(of.key, of.hash, each);
    });
  }

  /// Into a new buffer, before the first batch: the watermarks, then all that was kept.
  void restore(event_time left_watermark, event_time right_watermark) noexcept {
    left_.watermark = left_.next_watermark = left_watermark;
    right_.watermark = right_.next_watermark = right_watermark;
  }
  void restore_left(const key_type& key, std::uint64_t hash, left_record record) {
    restore_one(left_, key, hash, std::move(record));
  }
  void restore_right(const key_type& key, std::uint64_t hash, right_record record) {
    restore_one(right_, key, hash, std::move(record));
  }

private:
  /// The kept records of one key and side.
  template <class T>
  struct lane {
    detail::time_lane<T> records;
    event_time due = latest_event_time; // of its timer, not after its first record; latest: none
  };

  struct state {
    lane<owned_t<L>> left;
    lane<owned_t<R>> right;
    std::uint32_t touch; // where `touched_` has the key, if it has
  };
  using store = keyed_store<key_type, state>;
  using id = typename store::id;
  using entry = typename store::entry;

  /// What there is once for each side.
  template <class T>
  struct side {
    event_time watermark = earliest_event_time;
    event_time next_watermark = earliest_event_time;
    detail::fresh_records<T> fresh;
    detail::key_timers timers;
  };

  struct touch {
    id of;
    bool is_new;
  };

  template <class T, class Q, class V>
  arrival add(side<T>& to, const Q& key, std::uint64_t hash, event_time t, V&& value) {
    if (t < to.watermark)
      return arrival::late;
    if (kept_ >= most_)
      detail::throw_too_many_buffered(most_);
    const std::uint32_t at = touch_key(detail::lookup_key<key_type>(key), hash);
    if constexpr (contains_view_v<V>)
      to.fresh.add(at, {t, to_owned<V>(value)});
    else
      to.fresh.add(at, {t, std::move(value)});
    ++kept_;
    return arrival::kept;
  }

  /// The key's place in `touched_`.
  template <class Q>
  std::uint32_t touch_key(const Q& key, std::uint64_t hash) {
    const auto next = static_cast<std::uint32_t>(touched_.size());
    const id found = store_.find(key, hash);
    if (found == store::none) {
      touched_.push_back({store::none, false});
      touched_.back() = {store_.insert(key, hash, state{{}, {}, next}), true};
      return next;
    }
    const std::uint32_t at = std::as_const(store_).at(found).value.touch;
    if (at < touched_.size() && touched_[at].of == found)
      return at;
    touched_.push_back({found, false});
    store_.at(found).value.touch = next;
    return next;
  }

  /// Puts the batch's records in order, and makes room so that `commit` cannot fail.
  void prepare() {
    left_.fresh.group(touched_.size());
    right_.fresh.group(touched_.size());
    for (std::size_t i = 0; i < touched_.size(); ++i) {
      state& in = store_.at(touched_[i].of).value;
      in.left.records.reserve(left_.fresh.of(i).size());
      in.right.records.reserve(right_.fresh.of(i).size());
    }
    left_.timers.reserve(touched_.size());
    right_.timers.reserve(touched_.size());
  }

  template <class Emit>
  void join_lefts(const entry& in, std::span<const left_record> lefts,
                  std::span<const right_record> rights, Emit& emit) {
    for (const left_record& left : lefts) {
      auto before =
          detail::partners_of_left(in.value.right.records.records(), left.time, lower_, upper_);
      for (const right_record& right :
           detail::partners_of_left(rights, left.time, lower_, upper_)) {
        for (; !before.empty() && before.front().time <= right.time; before = before.subspan(1))
          emit(in.key, left, before.front());
        emit(in.key, left, right);
      }
      for (const right_record& right : before)
        emit(in.key, left, right);
    }
  }

  template <class Emit>
  void join_rights(const entry& in, std::span<const right_record> rights, Emit& emit) {
    for (const right_record& right : rights)
      for (const left_record& left :
           detail::partners_of_right(in.value.left.records.records(), right.time, lower_, upper_))
        emit(in.key, left, right);
  }

  /// No right record that is not late can reach a left record of this time any more.
  [[nodiscard]] bool left_expired(event_time t) const {
    return !detail::at_or_before(right_.watermark, t, upper_);
  }
  [[nodiscard]] bool right_expired(event_time t) const {
    return !detail::at_or_after(t, left_.watermark, lower_);
  }

  template <class T, class Expired>
  void take_due(side<T>& of, lane<T> state::*which, Expired expired) noexcept {
    while (of.timers.earliest() && expired(of.timers.earliest()->due)) {
      const auto timer = of.timers.take();
      // Keys come and go and are looked at early: not every timer still matters.
      if (!store_.contains(timer.key) || (store_.at(timer.key).value.*which).due != timer.due)
        continue;
      (store_.at(timer.key).value.*which).due = latest_event_time;
      settle(timer.key);
    }
  }

  /// Forgets what has expired and sees to the key's timers.
  void settle(id of) noexcept {
    state& in = store_.at(of).value;
    kept_ -= in.left.records.drop_front([this](event_time t) { return left_expired(t); });
    kept_ -= in.right.records.drop_front([this](event_time t) { return right_expired(t); });
    set_timer(left_, in.left, of);
    set_timer(right_, in.right, of);
    if (in.left.records.empty() && in.right.records.empty())
      store_.erase(of);
  }

  template <class T>
  void set_timer(side<T>& of, lane<T>& at, id key) noexcept {
    if (at.records.empty() || at.records.front_time() >= at.due)
      return;
    at.due = at.records.front_time();
    of.timers.add(at.due, key);
  }

  template <class T>
  void restore_one(side<T>& to, const key_type& key, std::uint64_t hash, timestamped<T> record) {
    to.fresh.add(touch_key(key, hash), std::move(record));
    ++kept_;
    prepare();
    commit();
  }

  void forget_batch() noexcept {
    touched_.clear();
    left_.fresh.clear();
    right_.fresh.clear();
  }

  duration lower_;
  duration upper_;
  std::size_t most_;
  store store_;
  side<owned_t<L>> left_;
  side<owned_t<R>> right_;
  std::vector<touch> touched_;
  std::size_t kept_ = 0;
};

} // namespace millrace
