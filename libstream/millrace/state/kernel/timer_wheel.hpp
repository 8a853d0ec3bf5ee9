#pragma once

#include "millrace/base/time.hpp"
#include "millrace/state/kernel/append_list.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

namespace millrace::detail {

/// When to look at which id, to see whether it has been idle for too long. Each id lies in one
/// bucket, that of the time when it is next to be looked at. Touching an id costs nothing here:
/// when its bucket is due, an id that was touched since moves on to a later one. So each id is
/// looked at about once per timeout, and costs one id of memory.
///
/// Far ahead, buckets cover a 512th of the timeout each and are looked at before the first of them
/// is due; what is not due then moves to a bucket of its exact time. So there are not more than
/// about 512 buckets and those of a 256th of the timeout.
///
/// Times are milliseconds of batch time, far enough from the ends of the range that a timeout can
/// be added; `now` never goes back. Ids that nobody uses any more may stay in their bucket until it
/// is due; used again before, they are looked at early rather than late.
/// Single owner, one thread.
class timer_wheel {
public:
  using id = std::uint32_t;
  /// What the function given to `advance` returns for an id that is not in use.
  static constexpr std::int64_t forget = std::numeric_limits<std::int64_t>::min();

  explicit timer_wheel(duration timeout);

  /// The id becomes due after `due`, unless it is in the wheel already, which then looks at it not
  /// later than that.
  void add(id id, std::int64_t due, std::int64_t now) {
    if (!has(id))
      enter(id, due, now);
  }

  /// f(span of ids) for all ids to be looked at now; changes nothing.
  template <class F>
  void for_each_due(std::int64_t now, F f) const {
    for (auto each = buckets_.begin(); each != buckets_.end() && each->first < now; ++each)
      each->second.for_each_span(f);
  }

  /// Moves all ids to be looked at now to later buckets: `due_of(id)` is after which time the id is
  /// due, or `forget`. After std::bad_alloc no id is looked at later than before, some perhaps
  /// twice.
  template <class DueOf>
  void advance(std::int64_t now, DueOf due_of) {
    for_each_due(now, [&](std::span<const id> ids) {
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::int64_t due = due_of(ids, i);
        if (due == forget)
          mark(ids[i], false);
        else
          place(ids[i], due, now);
      }
    });
    drop_due(now);
  }

  void clear();

  std::size_t memory_bytes() const;

private:
  bool has(id id) const {
    return id / 64 < entered_.size() && (entered_[id / 64] >> (id % 64) & 1) != 0;
  }

  void mark(id id, bool entered) {
    const std::uint64_t bit = std::uint64_t{1} << (id % 64);
    entered_[id / 64] = entered ? entered_[id / 64] | bit : entered_[id / 64] & ~bit;
  }

  void enter(id id, std::int64_t due, std::int64_t now);
  void place(id id, std::int64_t due, std::int64_t now);
  void drop_due(std::int64_t now);

  std::int64_t grain_;
  std::map<std::int64_t, append_list<id>> buckets_; // looked at once the time is past the key
  std::pair<const std::int64_t, append_list<id>>* latest_ = nullptr; // where `place` was last
  std::vector<std::uint64_t> entered_;                               // one bit for each id
};

} // namespace millrace::detail
