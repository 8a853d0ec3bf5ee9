#pragma once

#include "millrace/eventtime/window_spec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace millrace::detail {

/// Which accumulators each pane has, in order of time and in a pane in order of arrival: finds the
/// windows that are due, and the panes that no window needs any more, without a look at the rest.
/// Accumulators are known by the id that their store gave them. Part of a keyed_event_window.
class pane_index {
public:
  using id = std::uint32_t;
  using pane_map = std::map<event_time, std::vector<id>>;

  explicit pane_index(const window_spec& spec) : spec_{spec} {}

  pane_index(const pane_index&) = delete;
  pane_index& operator=(const pane_index&) = delete;

  /// Adds an accumulator to the pane that starts then.
  void append(event_time pane, id member);

  /// Takes the accumulator that was added last out of its pane.
  void take_back(event_time pane) noexcept;

  /// The first window, in order of their ends, that has records and ends after `after` but not
  /// after `until`.
  [[nodiscard]] std::optional<event_window> next_window(event_time after, event_time until) const;

  /// The panes of a window, from the first one that has records.
  struct pane_span {
    pane_map::const_iterator first;
    pane_map::const_iterator last;

    [[nodiscard]] pane_map::const_iterator begin() const { return first; }
    [[nodiscard]] pane_map::const_iterator end() const { return last; }
  };
  [[nodiscard]] pane_span panes_of(event_window window) const {
    return {panes_.lower_bound(window.start), panes_.lower_bound(window.end)};
  }

  [[nodiscard]] const pane_map& panes() const { return panes_; }

  /// Calls erase(id) for all accumulators of panes whose windows all end at `end` or before, and
  /// forgets the panes.
  template <class Erase>
  void drop_until(event_time end, Erase erase) {
    while (!panes_.empty() && spec_.assign(panes_.begin()->first).back().end <= end) {
      for (const id member : panes_.begin()->second)
        erase(member);
      forget(panes_.begin());
    }
  }

private:
  void forget(pane_map::iterator pane) noexcept;

  window_spec spec_;
  pane_map panes_;
  pane_map::iterator latest_ = panes_.end(); // the pane of the last `append`
};

} // namespace millrace::detail
