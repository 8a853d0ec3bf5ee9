#include "millrace/block/block_store.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

result<void> validate(const block_store_options& options) {
  if (options.max_bytes == 0 || options.max_blocks == 0)
    return fail(errc::invalid_argument, "the block store's bounds are " +
                                            std::to_string(options.max_bytes) + " bytes and " +
                                            std::to_string(options.max_blocks) +
                                            " blocks: both must be at least 1");
  return {};
}

block_store::block_store(block_store_options options, wait_observer on_wait)
    : options_(options), on_wait_(std::move(on_wait)) {
  if (auto valid = validate(options); !valid)
    throw stream_error(valid.error());
}

result<void> block_store::put(block_id id, block_ptr stored, std::stop_token stop) {
  auto lock = std::unique_lock{mutex_};
  if (auto fine = check(id, stored); !fine)
    return fine;
  if (queue_.empty() && has_room(stored->bytes())) {
    insert(id, std::move(stored));
    return {};
  }
  const auto ticket = next_ticket_++;
  queue_.push_back(ticket);
  if (on_wait_) {
    lock.unlock();
    on_wait_(stats());
    lock.lock();
  }
  const auto admitted = changed_.wait(
      lock, stop, [&] { return queue_.front() == ticket && has_room(stored->bytes()); });
  queue_.erase(std::ranges::find(queue_, ticket));
  // Whether this put got in or gave up, the next in the queue may have become the first.
  changed_.notify_all();
  if (!admitted)
    return fail(errc::cancelled, "stopped while block " + to_string(id) + " (" +
                                     std::to_string(stored->bytes()) +
                                     " bytes) waited for room in the block store");
  if (auto fine = check(id, stored); !fine)
    return fine;
  insert(id, std::move(stored));
  return {};
}

result<void> block_store::try_put(block_id id, block_ptr stored) {
  auto lock = std::lock_guard{mutex_};
  if (auto fine = check(id, stored); !fine)
    return fine;
  if (!queue_.empty() || !has_room(stored->bytes()))
    return fail(errc::limit_exceeded,
                "no room for block " + to_string(id) + " (" + std::to_string(stored->bytes()) +
                    " bytes): the block store holds " + std::to_string(bytes_) + " of " +
                    std::to_string(options_.max_bytes) + " bytes and " +
                    std::to_string(blocks_.size()) + " of " + std::to_string(options_.max_blocks) +
                    " blocks");
  insert(id, std::move(stored));
  return {};
}

block_ptr block_store::get(block_id id) const {
  auto lock = std::lock_guard{mutex_};
  const auto found = blocks_.find(id);
  return found == blocks_.end() ? nullptr : found->second;
}

std::size_t block_store::release(std::span<const block_id> ids) {
  // Blocks may be large to free, so they die after the lock is given back.
  auto dead = std::vector<block_ptr>{};
  dead.reserve(ids.size());
  {
    auto lock = std::lock_guard{mutex_};
    for (auto id : ids)
      if (auto node = blocks_.extract(id)) {
        bytes_ -= node.mapped()->bytes();
        dead.push_back(std::move(node.mapped()));
      }
  }
  if (!dead.empty())
    changed_.notify_all();
  return dead.size();
}

block_store_stats block_store::stats() const {
  auto lock = std::lock_guard{mutex_};
  return {.bytes = bytes_,
          .blocks = blocks_.size(),
          .waiting = queue_.size(),
          .bytes_max = bytes_max_,
          .waits = next_ticket_};
}

bool block_store::has_room(std::size_t bytes) const {
  return blocks_.empty() || (blocks_.size() < options_.max_blocks && bytes_ <= options_.max_bytes &&
                             bytes <= options_.max_bytes - bytes_);
}

result<void> block_store::check(block_id id, const block_ptr& stored) const {
  if (!stored)
    return fail(errc::invalid_argument, "block " + to_string(id) + " is null");
  if (blocks_.contains(id))
    return fail(errc::already_exists, "block " + to_string(id) +
                                          " is in the block store already: numbers of a stream "
                                          "are not used twice");
  return {};
}

void block_store::insert(block_id id, block_ptr stored) {
  bytes_ += stored->bytes();
  bytes_max_ = std::max(bytes_max_, bytes_);
  blocks_.emplace(id, std::move(stored));
}

} // namespace millrace
