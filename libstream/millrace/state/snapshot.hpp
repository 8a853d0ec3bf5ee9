#pragma once

#include "millrace/base/time.hpp"
#include "millrace/state/kernel/change_marks.hpp"
#include "millrace/state/kernel/touch_mark.hpp"
#include "millrace/state/keyed_store.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

/// What a state store keeps for a key.
template <class S>
struct kept_state {
  touch_mark mark;
  S value;
};

template <class K, class S>
using state_entry = typename keyed_store<K, kept_state<S>>::entry;

template <class F, class Entry>
void visit_state(F& f, const Entry& entry) {
  f(entry.key, entry.value.value, batch_time(entry.value.mark.ms()));
}

} // namespace detail

/// All states of a partition as they were between two batches. It stays so while the store goes on;
/// copies share it, and any thread may read it. Until it is gone, the store copies each entry
/// before it first changes it, and a segment of entries (128 KiB) once a quarter of it has been
/// changed.
template <class K, class S>
class state_snapshot {
public:
  using entry = detail::state_entry<K, S>;

  state_snapshot(batch_time time, std::size_t size, detail::shared_segments<entry> entries)
      : time_{time}, size_{size}, entries_{std::move(entries)} {}

  /// The last batch in it; meaningless before the first.
  batch_time time() const { return time_; }
  std::size_t size() const { return size_; }

  /// f(key, state, time of the batch that touched it last), in no particular order.
  template <class F>
  void for_each(F f) const& {
    entries_.for_each([&](std::uint32_t, const entry& each) { detail::visit_state(f, each); });
  }

  /// As above, letting go of each part when it is done: the sooner, the less the store must copy.
  template <class F>
  void for_each(F f) && {
    entries_.drain([&](std::uint32_t, const entry& each) { detail::visit_state(f, each); });
  }

private:
  batch_time time_;
  std::size_t size_;
  detail::shared_segments<entry> entries_;
};

/// What changed between the batch after which the delta before it (or a full snapshot) was taken
/// and another: applied to the states of then, first `removed`, then `for_each_changed`, it gives
/// the states of now. A complete delta says all there is: forget everything before.
/// Stays as it is while the store goes on; any thread may read it.
template <class K, class S>
class state_delta {
public:
  using entry = detail::state_entry<K, S>;

  /// Some entries of a segment that is shared because many of them changed.
  struct part {
    detail::segment_share<entry> segment;
    std::vector<std::uint64_t> bits;
  };

  state_delta(batch_time time, detail::shared_segments<entry> all)
      : time_{time}, complete_{true}, all_{std::move(all)} {}

  state_delta(batch_time time, std::vector<K> removed, std::vector<entry> few,
              std::vector<part> many)
      : time_{time}, removed_{std::move(removed)}, few_{std::move(few)}, many_{std::move(many)} {}

  /// The last batch in it.
  batch_time time() const { return time_; }
  bool complete() const { return complete_; }

  /// Keys that may have to go; some may be listed twice, may never have been there before, or may
  /// be among the changed ones again.
  const std::vector<K>& removed() const { return removed_; }

  /// f(key, state, time of the batch that touched it last), once for each changed or new key.
  template <class F>
  void for_each_changed(F f) const {
    all_.for_each([&](std::uint32_t, const entry& each) { detail::visit_state(f, each); });
    for (const entry& each : few_)
      detail::visit_state(f, each);
    std::vector<std::pair<std::uint32_t, entry>> copies;
    for (const part& each : many_) {
      copies.clear();
      each.segment.segment->copy_as_of(each.segment.number, copies);
      for (const auto& [at, item] : copies)
        if (each.bits[at / 64] >> (at % 64) & 1)
          detail::visit_state(f, item);
    }
  }

private:
  batch_time time_;
  bool complete_ = false;
  std::vector<K> removed_;
  detail::shared_segments<entry> all_;
  std::vector<entry> few_;
  std::vector<part> many_;
};

namespace detail {

/// Takes the delta of the marked ids. Segments with few changes are left to the store and their
/// changed entries copied; those with many are shared, as in a snapshot. Either way the cost goes
/// with the number of changes.
template <class K, class S>
state_delta<K, S> collect_delta(batch_time time, std::vector<K> removed,
                                keyed_store<K, kept_state<S>>& states,
                                std::vector<change_marks::segment> marked) {
  using store = keyed_store<K, kept_state<S>>;
  using delta = state_delta<K, S>;
  constexpr std::size_t few_in_segment = store::per_segment / 16;
  std::vector<typename delta::entry> few;
  std::vector<typename delta::part> many;
  for (change_marks::segment& each : marked) {
    if (each.count() > few_in_segment) {
      many.push_back({states.share_segment(each.number), std::move(each.bits)});
      continue;
    }
    each.for_each([&](std::size_t at) {
      const auto id = static_cast<std::uint32_t>(each.number * store::per_segment + at);
      if (states.contains(id))
        few.push_back(std::as_const(states).at(id));
    });
  }
  return delta(time, std::move(removed), std::move(few), std::move(many));
}

} // namespace detail

} // namespace millrace
