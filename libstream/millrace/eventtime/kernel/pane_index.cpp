#include "millrace/eventtime/kernel/pane_index.hpp"

namespace millrace::detail {

void pane_index::append(event_time pane, id member) {
  if (latest_ == panes_.end() || latest_->first != pane) {
    const auto [at, added] = panes_.try_emplace(pane, std::size_t{1}, member);
    latest_ = at;
    if (added)
      return;
  }
  latest_->second.push_back(member);
}

void pane_index::take_back(event_time pane) noexcept {
  const auto found = panes_.find(pane);
  found->second.pop_back();
  if (found->second.empty())
    forget(found);
}

std::optional<event_window> pane_index::next_window(event_time after, event_time until) const {
  // No slide is longer than the size: of all windows that end after `after`, the first to end
  // contains it.
  event_window window = spec_.assign(after).front();
  const auto pane = panes_.lower_bound(window.start);
  if (pane == panes_.end())
    return std::nullopt;
  if (pane->first >= window.end)
    window = spec_.assign(pane->first).front();
  if (window.end > until || window.end <= after)
    return std::nullopt;
  return window;
}

void pane_index::forget(pane_map::iterator pane) noexcept {
  if (latest_ == pane)
    latest_ = panes_.end();
  panes_.erase(pane);
}

} // namespace millrace::detail
