#include "millrace/state/kernel/timer_wheel.hpp"

#include <algorithm>

namespace millrace::detail {

namespace {

std::int64_t round_down(std::int64_t time, std::int64_t step) {
  const std::int64_t beyond = time % step;
  return time - (beyond < 0 ? beyond + step : beyond);
}

} // namespace

timer_wheel::timer_wheel(duration timeout)
    : grain_{std::max<std::int64_t>(1, timeout.ms() / 512)} {}

void timer_wheel::enter(id id, std::int64_t due, std::int64_t now) {
  if (id / 64 >= entered_.size())
    entered_.resize(id / 64 + 1);
  place(id, due, now);
  mark(id, true);
}

void timer_wheel::place(id id, std::int64_t due, std::int64_t now) {
  const std::int64_t look = due - now > 2 * grain_ ? round_down(due, grain_) : std::max(due, now);
  if (!latest_ || latest_->first != look)
    latest_ = &*buckets_.try_emplace(look).first;
  latest_->second.append(id);
}

void timer_wheel::drop_due(std::int64_t now) {
  latest_ = nullptr;
  buckets_.erase(buckets_.begin(), buckets_.lower_bound(now));
}

void timer_wheel::clear() {
  latest_ = nullptr;
  buckets_.clear();
  entered_ = std::vector<std::uint64_t>();
}

std::size_t timer_wheel::memory_bytes() const {
  constexpr std::size_t node = sizeof(*buckets_.begin()) + 4 * sizeof(void*);
  std::size_t bytes = entered_.capacity() * sizeof(std::uint64_t) + buckets_.size() * node;
  for (const auto& [time, ids] : buckets_)
    bytes += ids.memory_bytes();
  return bytes;
}

} // namespace millrace::detail
