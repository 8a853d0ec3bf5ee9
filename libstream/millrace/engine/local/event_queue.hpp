#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

namespace millrace {

/// From which part of a job to which an event goes.
struct event_route {
  std::uint32_t from = 0;
  std::uint32_t to = 0;

  friend auto operator<=>(const event_route&, const event_route&) = default;
};

/// Events on their way between the parts of a job that runs in one thread. Those of one route stay
/// in order, as CAF keeps the messages between two actors; which route is next is for `choice`.
class event_queue {
public:
  /// Given n >= 1, a number below n.
  using choice = std::function<std::size_t(std::size_t n)>;

  /// Without a choice nothing is ever on its way: an event happens inside the call that posts it.
  explicit event_queue(choice pick = {}) : pick_{std::move(pick)} {}

  template <class Event>
  void post(event_route route, Event&& event) {
    if (pick_)
      routes_[route].emplace_back(std::forward<Event>(event));
    else
      event();
  }

  /// Lets one event happen, if there is one.
  bool run_one();

  /// The same, of a route that `wanted` says yes to.
  bool run_one(const std::function<bool(event_route)>& wanted);

  void clear() { routes_.clear(); }

private:
  choice pick_;
  std::map<event_route, std::deque<std::function<void()>>> routes_; ///< None is empty.
};

} // namespace millrace
