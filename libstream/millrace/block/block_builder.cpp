#include "millrace/block/block_builder.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace millrace {

result<void> validate(const block_cut_options& options) {
  if (options.max_bytes == 0)
    return fail(errc::invalid_argument, "max_block_bytes is 0: a block needs room, use 64KiB or "
                                        "more");
  if (options.interval <= duration{0})
    return fail(errc::invalid_argument, "block_interval is " + to_string(options.interval) +
                                            ": it must be positive, such as 200ms");
  return {};
}

block_cut_policy::block_cut_policy(duration interval, time_point anchor, time_point now)
    : interval_(interval.chrono()), deadline_(anchor) {
  if (interval <= duration{0})
    throw stream_error(errc::invalid_argument, "block_interval is " + to_string(interval) +
                                                   ": it must be positive, such as 200ms");
  if (const auto over = (anchor - now) / interval_; over > 0)
    deadline_ -= over * interval_;
  static_cast<void>(due(now));
}

bool block_cut_policy::due(time_point now) {
  if (now < deadline_)
    return false;
  deadline_ += ((now - deadline_) / interval_ + 1) * interval_;
  return true;
}

std::vector<block_ptr> text_block_builder::add(text_piece piece) {
  auto blocks = std::vector<block_ptr>{};
  if (piece.slices.empty())
    return blocks;
  if (storage_ != piece.storage) {
    if (auto before = cut())
      blocks.push_back(std::move(before));
    storage_ = std::move(piece.storage);
  }
  auto rest = std::span<const text_slice>{piece.slices};
  while (!rest.empty()) {
    // The costs of the prefixes of `rest` ascend, so the last that fits is found by bisection.
    const auto first = slices_.empty() ? rest.front().begin : slices_.front().begin;
    const auto fits = [&](const text_slice& last) {
      const auto records = slices_.size() + static_cast<std::size_t>(&last - rest.data()) + 1;
      return last.end() - first + records * sizeof(text_slice) <= max_bytes_;
    };
    auto taken = static_cast<std::size_t>(std::ranges::partition_point(rest, fits) - rest.begin());
    if (slices_.empty())
      taken = std::max<std::size_t>(taken, 1);
    slices_.insert(slices_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(taken));
    rest = rest.subspan(taken);
    if (!rest.empty()) {
      auto storage = storage_;
      blocks.push_back(cut());
      storage_ = std::move(storage);
    }
  }
  return blocks;
}

block_ptr text_block_builder::cut() {
  if (slices_.empty())
    return nullptr;
  return std::make_shared<const text_block>(std::exchange(storage_, nullptr),
                                            std::exchange(slices_, {}));
}

} // namespace millrace
