#pragma once

#include "millrace/eventtime/timestamped.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>
#include <vector>

namespace millrace::detail {

/// t >= base + d, and t <= base + d, also where the sum needs more than 64 bits.
inline bool at_or_after(event_time t, event_time base, duration d) {
  __extension__ using wide = __int128;
  return wide{t.ms()} >= wide{base.ms()} + d.ms();
}
inline bool at_or_before(event_time t, event_time base, duration d) {
  __extension__ using wide = __int128;
  return wide{t.ms()} <= wide{base.ms()} + d.ms();
}

/// Those of `records`, which are in order of time, with left + lower <= time <= left + upper.
template <class T>
std::span<const timestamped<T>> partners_of_left(std::span<const timestamped<T>> records,
                                                 event_time left, duration lower, duration upper) {
  const auto first = std::partition_point(records.begin(), records.end(), [&](const auto& r) {
    return !at_or_after(r.time, left, lower);
  });
  const auto last = std::partition_point(
      first, records.end(), [&](const auto& r) { return at_or_before(r.time, left, upper); });
  return {first, last};
}

/// Those of `records`, which are in order of time, with time + lower <= right <= time + upper.
template <class T>
std::span<const timestamped<T>> partners_of_right(std::span<const timestamped<T>> records,
                                                  event_time right, duration lower,
                                                  duration upper) {
  const auto first = std::partition_point(records.begin(), records.end(), [&](const auto& r) {
    return !at_or_before(right, r.time, upper);
  });
  const auto last = std::partition_point(
      first, records.end(), [&](const auto& r) { return at_or_after(right, r.time, lower); });
  return {first, last};
}

/// One side's records of one key, in order of time, those of one time in order of arrival. Records
/// mostly come near the end and go from the front; both cost what moves, not what is here.
template <class T>
class time_lane {
public:
  using record = timestamped<T>;

  [[nodiscard]] std::span<const record> records() const {
    return std::span<const record>{records_}.subspan(gone_);
  }
  [[nodiscard]] bool empty() const { return gone_ == records_.size(); }
  [[nodiscard]] event_time front_time() const { return records_[gone_].time; }

  [[nodiscard]] std::size_t memory_bytes() const { return records_.capacity() * sizeof(record); }

  /// Makes room so that `merge` of that many does not allocate.
  void reserve(std::size_t more) {
    if (records_.size() + more > records_.capacity())
      records_.reserve(std::max(records_.size() + more, 2 * records_.size()));
  }

  /// Takes over records that are in order of time; they come behind those of the same time.
  void merge(std::span<record> fresh) noexcept {
    static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                  "records of an interval join must move without throwing");
    if (fresh.empty())
      return;
    const auto by_time = [](const record& a, const record& b) { return a.time < b.time; };
    const auto kept = static_cast<std::ptrdiff_t>(records_.size());
    std::move(fresh.begin(), fresh.end(), std::back_inserter(records_));
    const auto middle = records_.begin() + kept;
    const auto from = std::upper_bound(records_.begin() + static_cast<std::ptrdiff_t>(gone_),
                                       middle, *middle, by_time);
    std::inplace_merge(from, middle, records_.end(), by_time);
  }

  /// Forgets the records at the front for which `expired` holds; returns how many.
  template <class Expired>
  std::size_t drop_front(Expired expired) noexcept {
    const auto begin = records_.begin() + static_cast<std::ptrdiff_t>(gone_);
    const auto first_kept = std::partition_point(begin, records_.end(),
                                                 [&](const record& r) { return expired(r.time); });
    const auto dropped = static_cast<std::size_t>(first_kept - begin);
    gone_ += dropped;
    if (2 * gone_ >= records_.size()) {
      records_.erase(records_.begin(), first_kept);
      gone_ = 0;
    }
    return dropped;
  }

private:
  std::vector<record> records_;
  std::size_t gone_ = 0; // records at the front that are forgotten but still in place
};

} // namespace millrace::detail
