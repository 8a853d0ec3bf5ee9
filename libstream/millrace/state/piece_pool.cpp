#include "millrace/state/piece_pool.hpp"

#include "millrace/state/huge_memory.hpp"

namespace millrace::detail {

namespace {

constexpr std::size_t cache_line = 64;

std::size_t whole_lines(std::size_t bytes) {
  return (bytes + cache_line - 1) / cache_line * cache_line;
}

std::uintptr_t region_of(std::uintptr_t piece) { return piece / huge_page * huge_page; }

} // namespace

piece_pool::piece_pool(std::size_t piece_bytes)
    : piece_bytes_{whole_lines(piece_bytes)}, per_region_{huge_page / piece_bytes_} {}

piece_pool::~piece_pool() {
  for (auto& [region, in_use] : in_use_)
    free_huge(reinterpret_cast<void*>(region), huge_page);
}

void* piece_pool::take() {
  std::scoped_lock lock{mutex_};
  if (free_.empty())
    add_region();
  const std::uintptr_t piece = free_.back();
  free_.pop_back();
  const std::uintptr_t region = region_of(piece);
  ++in_use_.at(region);
  if (spare_ == region)
    spare_ = 0;
  return reinterpret_cast<void*>(piece);
}

void piece_pool::give_back(void* piece) noexcept {
  std::scoped_lock lock{mutex_};
  const auto address = reinterpret_cast<std::uintptr_t>(piece);
  const std::uintptr_t region = region_of(address);
  free_.push_back(address);
  if (--in_use_.at(region) != 0)
    return;
  if (spare_ == 0)
    spare_ = region;
  else
    drop_region(region);
}

std::size_t piece_pool::memory_bytes() const {
  std::scoped_lock lock{mutex_};
  return in_use_.size() * huge_page;
}

void piece_pool::add_region() {
  free_.reserve((in_use_.size() + 1) * per_region_);
  const auto region = reinterpret_cast<std::uintptr_t>(allocate_huge(huge_page));
  try {
    in_use_.emplace(region, 0);
  } catch (...) {
    free_huge(reinterpret_cast<void*>(region), huge_page);
    throw;
  }
  // The lowest goes first.
  for (std::size_t i = per_region_; i-- > 0;)
    free_.push_back(region + i * piece_bytes_);
}

void piece_pool::drop_region(std::uintptr_t region) noexcept {
  std::erase_if(free_, [&](std::uintptr_t piece) { return region_of(piece) == region; });
  in_use_.erase(region);
  free_huge(reinterpret_cast<void*>(region), huge_page);
}

} // namespace millrace::detail
