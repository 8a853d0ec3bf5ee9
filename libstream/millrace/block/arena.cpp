#include "millrace/block/arena.hpp"

#include "millrace/base/error.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

arena::arena(std::size_t capacity) : capacity_(capacity) {
  if (capacity > max_capacity)
    throw stream_error(errc::too_large, "a text arena of " + std::to_string(capacity) +
                                            " bytes was asked for; at most " +
                                            std::to_string(max_capacity) +
                                            " are possible: lower max_record_bytes");
  bytes_ = std::make_unique_for_overwrite<char[]>(capacity);
}

struct arena_pool::shelf {
  explicit shelf(arena_pool_options opts) : options(opts) {}

  std::unique_ptr<arena> take(std::size_t bytes) {
    auto guard = std::lock_guard{mutex};
    auto best = free.end();
    for (auto i = free.begin(); i != free.end(); ++i)
      if ((*i)->capacity() >= bytes &&
          (best == free.end() || (*i)->capacity() < (*best)->capacity()))
        best = i;
    if (best == free.end()) {
      ++created;
      return nullptr;
    }
    auto found = std::move(*best);
    *best = std::move(free.back());
    free.pop_back();
    free_bytes -= found->capacity();
    return found;
  }

  void give(std::unique_ptr<arena> used) {
    auto guard = std::unique_lock{mutex};
    if (used->capacity() > options.max_free_bytes - std::min(free_bytes, options.max_free_bytes)) {
      guard.unlock();
      return;
    }
    free_bytes += used->capacity();
    free.push_back(std::move(used));
  }

  const arena_pool_options options;
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<arena>> free;
  std::size_t free_bytes = 0;
  std::uint64_t created = 0;
};

arena_pool::arena_pool(arena_pool_options options) : shelf_(std::make_shared<shelf>(options)) {}

arena_pool::~arena_pool() = default;

std::shared_ptr<arena> arena_pool::acquire(std::size_t min_bytes) {
  const auto bytes = std::max(min_bytes, shelf_->options.arena_bytes);
  auto found = shelf_->take(bytes);
  if (!found)
    found = std::make_unique<arena>(bytes);
  // The deleter holds the shelf weakly: arenas must not keep a dead pool's unused memory alive.
  auto put_back = [home = std::weak_ptr{shelf_}](arena* raw) {
    auto used = std::unique_ptr<arena>{raw};
    if (auto found_home = home.lock())
      found_home->give(std::move(used));
  };
  return {found.release(), std::move(put_back)};
}

std::size_t arena_pool::free_bytes() const {
  auto guard = std::lock_guard{shelf_->mutex};
  return shelf_->free_bytes;
}

std::uint64_t arena_pool::created() const {
  auto guard = std::lock_guard{shelf_->mutex};
  return shelf_->created;
}

} // namespace millrace
