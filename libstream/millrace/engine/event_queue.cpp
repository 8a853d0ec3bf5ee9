#include "millrace/engine/event_queue.hpp"

#include <utility>
#include <vector>

namespace millrace {

void event_queue::post(event_route route, std::function<void()> event) {
  // Without a choice one route is all there is, and the oldest event is at its front.
  routes_[pick_ ? route : event_route{}].push_back(std::move(event));
}

bool event_queue::run_one() {
  return run_one([](event_route) { return true; });
}

bool event_queue::run_one(const std::function<bool(event_route)>& wanted) {
  std::vector<decltype(routes_)::iterator> open;
  for (auto it = routes_.begin(); it != routes_.end(); ++it)
    if (!pick_ || wanted(it->first))
      open.push_back(it);
  if (open.empty())
    return false;
  auto next = pick_ ? open[pick_(open.size())] : open.front();
  auto event = std::move(next->second.front());
  next->second.pop_front();
  if (next->second.empty())
    routes_.erase(next);
  event();
  return true;
}

void event_queue::clear() { routes_.clear(); }

} // namespace millrace
