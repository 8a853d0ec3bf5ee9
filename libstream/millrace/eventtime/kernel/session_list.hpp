#pragma once

#include "millrace/eventtime/windowed.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// A session and its accumulator.
template <class C>
struct session {
  event_time first; // its records lie in [first, last]
  event_time last;
  std::uint64_t born;    // how many sessions the partition had begun before this one
  std::uint64_t touched; // the batch (each attempt counts) that changed it last
  std::uint64_t queued;  // the batch that last found it due
  C value;

  [[nodiscard]] event_window window(duration gap) const {
    return {first, saturating_add(last, gap)};
  }
};

/// The sessions of one key in order of time; between the last record of one and the first of the
/// next lies at least the gap.
template <class C>
struct session_list {
  using position = std::size_t;

  std::vector<session<C>> all;
  event_time due = latest_event_time; // of the key's timer; the latest: it has none

  /// The first session to which a record at `t` is not too late: it belongs there, if the session
  /// also reaches back to it, otherwise in front of it.
  [[nodiscard]] position find(event_time t, duration gap) const {
    const auto wholly_before = [&](const session<C>& each) {
      return each.last < t && !is_near(each.last, t, gap);
    };
    // Most records belong to the latest session.
    if (!all.empty() && wholly_before(all.back()))
      return all.size();
    return static_cast<position>(std::partition_point(all.begin(), all.end(), wholly_before) -
                                 all.begin());
  }

  /// Whether the session there (if there is one) begins before `t` or less than the gap after it.
  [[nodiscard]] bool reaches_back(position at, event_time t, duration gap) const {
    return at < all.size() && (all[at].first <= t || is_near(t, all[at].first, gap));
  }

  /// The first session that ends after `t`.
  [[nodiscard]] position first_ending_after(event_time t, duration gap) const {
    return static_cast<position>(
        std::partition_point(all.begin(), all.end(),
                             [&](const auto& each) { return each.window(gap).end <= t; }) -
        all.begin());
  }

private:
  static bool is_near(event_time earlier, event_time later, duration gap) {
    return distance(earlier, later) < static_cast<std::uint64_t>(gap.ms());
  }
};

} // namespace millrace::detail
