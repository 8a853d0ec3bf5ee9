#include "millrace/eventtime/kernel/key_timers.hpp"

#include <algorithm>

namespace millrace::detail {

namespace {

/// For the heap functions, which keep the greatest in front.
struct is_later {
  bool operator()(const key_timers::timer& a, const key_timers::timer& b) const {
    return a.due != b.due ? a.due > b.due : a.key > b.key;
  }
};

} // namespace

void key_timers::reserve(std::size_t more) {
  const std::size_t wanted = heap_.size() + more;
  if (wanted > heap_.capacity())
    heap_.reserve(std::max(wanted, heap_.capacity() * 2));
}

void key_timers::add(event_time due, id key) {
  heap_.push_back({due, key});
  std::push_heap(heap_.begin(), heap_.end(), is_later{});
}

key_timers::timer key_timers::take() noexcept {
  std::pop_heap(heap_.begin(), heap_.end(), is_later{});
  const timer taken = heap_.back();
  heap_.pop_back();
  return taken;
}

} // namespace millrace::detail
