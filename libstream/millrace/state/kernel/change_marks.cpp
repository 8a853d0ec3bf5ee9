#include "millrace/state/kernel/change_marks.hpp"

#include <bit>
#include <utility>

namespace millrace::detail {

std::size_t change_marks::segment::count() const {
  std::size_t n = 0;
  for (const std::uint64_t word : bits)
    n += static_cast<std::size_t>(std::popcount(word));
  return n;
}

std::vector<change_marks::segment> change_marks::take() {
  std::vector<segment> changed;
  changed.reserve(changed_);
  for (segment& each : segments_)
    if (!each.bits.empty())
      changed.push_back(std::move(each));
  segments_.clear();
  changed_ = 0;
  return changed;
}

void change_marks::open(std::size_t number) {
  while (segments_.size() <= number)
    segments_.push_back({segments_.size(), {}});
  segments_[number].bits.resize((per_segment_ + 63) / 64);
  ++changed_;
}

std::size_t change_marks::memory_bytes() const {
  return segments_.capacity() * sizeof(segment) +
         changed_ * (per_segment_ + 63) / 64 * sizeof(std::uint64_t);
}

} // namespace millrace::detail
