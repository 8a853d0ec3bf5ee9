#include "millrace/engine/block_ledger.hpp"

#include <string>
#include <utility>

namespace millrace {

std::span<const block_meta> batch_allocation::of(stream_id stream) const {
  const auto found = streams.find(stream);
  if (found == streams.end())
    return {};
  return found->second;
}

block_ledger::block_ledger(std::span<const stream_id> streams, std::size_t max_unallocated)
    : max_unallocated_(max_unallocated) {
  for (auto stream : streams)
    received_[stream];
}

result<void> block_ledger::add_block(const block_meta& block) {
  const auto queue = received_.find(block.id.stream);
  if (queue == received_.end())
    return fail(errc::not_found, "block " + to_string(block.id) + " is of stream " +
                                     to_string(block.id.stream) +
                                     ", which is no input stream of this job");
  if (known_.contains(block.id))
    return fail(errc::already_exists, "block " + to_string(block.id) + " was reported already");
  if (unallocated_.blocks >= max_unallocated_)
    return fail(errc::limit_exceeded, "block " + to_string(block.id) +
                                          " is refused: " + std::to_string(unallocated_.blocks) +
                                          " blocks wait for a batch, which is the limit");
  known_.insert(block.id);
  queue->second.push_back({block, closed_});
  unallocated_.blocks += 1;
  unallocated_.records += block.records;
  unallocated_.bytes += block.bytes;
  return {};
}

void block_ledger::close(batch_time t) {
  if (!closed_ || *closed_ < t)
    closed_ = t;
}

result<batch_allocation_ptr> block_ledger::allocate(batch_time t, const job_input_limits& limits) {
  if (auto known = blocks_of(t))
    return known;
  if (last_allocated_ && t <= *last_allocated_)
    return fail(errc::illegal_state, "batch " + to_string(t) +
                                         " cannot be given blocks any more: batch " +
                                         to_string(*last_allocated_) + " has been allocated");
  auto batch = std::make_shared<batch_allocation>();
  batch->time = t;
  auto& totals = batch->totals;
  for (auto& [stream, queue] : received_) {
    auto& taken = batch->streams[stream];
    input_budget budget{limits[stream]};
    auto is_next = [&](const received_block& block) {
      return (!block.after || *block.after < t) &&
             budget.take(block.meta.records, block.meta.bytes);
    };
    for (; !queue.empty() && is_next(queue.front()); queue.pop_front()) {
      auto& block = taken.emplace_back(queue.front().meta);
      totals.blocks += 1;
      totals.records += block.records;
      totals.bytes += block.bytes;
    }
  }
  unallocated_.blocks -= totals.blocks;
  unallocated_.records -= totals.records;
  unallocated_.bytes -= totals.bytes;
  last_allocated_ = t;
  batches_.emplace(t, batch);
  return batch;
}

batch_allocation_ptr block_ledger::blocks_of(batch_time t) const {
  const auto found = batches_.find(t);
  return found == batches_.end() ? nullptr : found->second;
}

std::vector<block_id> block_ledger::done(batch_time t) {
  auto ids = std::vector<block_id>{};
  const auto found = batches_.find(t);
  if (found == batches_.end())
    return ids;
  ids.reserve(found->second->totals.blocks);
  for (const auto& [stream, blocks] : found->second->streams)
    for (const auto& block : blocks) {
      known_.erase(block.id);
      ids.push_back(block.id);
    }
  batches_.erase(found);
  return ids;
}

std::vector<block_meta> block_ledger::unallocated(stream_id stream) const {
  auto blocks = std::vector<block_meta>{};
  if (const auto found = received_.find(stream); found != received_.end())
    for (const auto& block : found->second)
      blocks.push_back(block.meta);
  return blocks;
}

} // namespace millrace
