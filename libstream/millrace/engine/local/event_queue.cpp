#include "millrace/engine/local/event_queue.hpp"

#include <vector>

namespace millrace {

bool event_queue::run_one() {
  return !routes_.empty() && run_one([](event_route) { return true; });
}

bool event_queue::run_one(const std::function<bool(event_route)>& wanted) {
  std::vector<decltype(routes_)::iterator> open;
  for (auto it = routes_.begin(); it != routes_.end(); ++it)
    if (wanted(it->first))
      open.push_back(it);
  if (open.empty())
    return false;
  auto next = open[pick_(open.size())];
  auto event = std::move(next->second.front());
  next->second.pop_front();
  if (next->second.empty())
    routes_.erase(next);
  event();
  return true;
}

} // namespace millrace
