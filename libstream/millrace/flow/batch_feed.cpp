#include "millrace/flow/batch_feed.hpp"

namespace millrace {

std::optional<std::vector<block_ptr>> rate_source::pull(batch_time time) {
  if (!zero_)
    zero_ = time - interval_;
  auto through = due(time);
  std::vector<std::int64_t> numbers;
  for (; next_ < through; ++next_)
    numbers.push_back(next_);
  return to_blocks(batch<std::int64_t>{std::move(numbers), partitions_});
}

/// Whole seconds and the rest apart, so that a long run cannot overflow.
std::int64_t rate_source::due(batch_time time) const {
  auto elapsed = static_cast<std::uint64_t>((time - *zero_).ms());
  return static_cast<std::int64_t>(elapsed / 1000 * per_second_ +
                                   elapsed % 1000 * per_second_ / 1000);
}

} // namespace millrace
