#include "millrace/intake/intake.hpp"

#include "millrace/base/error.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace {

void intake::connect(intake_link link) { link_ = std::move(link); }

std::optional<ready_block> intake::pop() {
  std::optional<ready_block> out;
  {
    std::lock_guard guard{mutex_};
    if (ready_.empty())
      return out;
    out = std::move(ready_.front());
    ready_.pop_front();
  }
  room_.notify_all();
  return out;
}

bool intake::is_full() const {
  std::lock_guard guard{mutex_};
  return ready_.size() >= options_.max_ready_blocks;
}

void intake::stop() {
  {
    std::lock_guard guard{mutex_};
    stopped_.store(true, std::memory_order_release);
  }
  room_.notify_all();
  stored_.notify_all();
}

void intake::end_waits() {
  {
    std::lock_guard guard{mutex_};
    waits_ended_ = true;
  }
  room_.notify_all();
  stored_.notify_all();
}

void intake::allow_waits() {
  std::lock_guard guard{mutex_};
  waits_ended_ = false;
}

std::size_t intake::permits(std::size_t wanted) const {
  if (stopped())
    return 0;
  return link_.permits ? link_.permits(wanted) : wanted;
}

void intake::push(std::vector<block_ptr> blocks, bool wait,
                  std::shared_ptr<store_receipt> receipt) {
  const bool nothing = blocks.empty();
  if (nothing && !receipt)
    return;
  {
    std::unique_lock lock{mutex_};
    if (!nothing && wait && may_wait())
      room_.wait(lock,
                 [&] { return waits_are_over() || ready_.size() < options_.max_ready_blocks; });
    for (auto& b : blocks)
      ready_.push_back({std::move(b)});
    if (receipt) {
      if (receipt->on_stored)
        to_call_.push_back(receipt);
      if (nothing)
        receipt->now = store_receipt::state::stored;
      else
        ready_.back().receipt = receipt;
    }
  }
  if (!nothing && link_.ready)
    link_.ready();
  if (nothing && receipt->on_stored && link_.call_back)
    link_.call_back();
}

bool intake::begin_put(const ready_block& block) {
  if (!block.receipt)
    return true;
  std::lock_guard guard{mutex_};
  if (block.receipt->now == store_receipt::state::withdrawn)
    return false;
  block.receipt->now = store_receipt::state::being_put;
  return true;
}

void intake::end_put(const ready_block& block, bool stored) {
  if (!block.receipt)
    return;
  {
    std::lock_guard guard{mutex_};
    block.receipt->now = stored ? store_receipt::state::stored : store_receipt::state::accepted;
  }
  stored_.notify_all();
  if (!stored || !block.receipt->on_stored)
    return;
  if (link_.call_back)
    link_.call_back();
  else
    run_callbacks();
}

bool intake::wait_until_stored(store_receipt& receipt) {
  using enum store_receipt::state;
  if (!may_wait())
    return true;
  ready_block taken_back; // Destroyed without the lock, because records are the user's.
  {
    std::unique_lock lock{mutex_};
    stored_.wait(lock, [&] {
      return receipt.now == stored || (waits_are_over() && (receipt.now == accepted || abandoned_));
    });
    if (receipt.now == stored)
      return true;
    receipt.now = withdrawn;
    auto found = std::ranges::find_if(ready_, [&](auto& b) { return b.receipt.get() == &receipt; });
    if (found == ready_.end())
      return false;
    taken_back = std::move(*found);
    ready_.erase(found);
  }
  room_.notify_all();
  return false;
}

std::size_t intake::callbacks_left() const {
  return to_call_.size() + (calling_ == std::thread::id{} ? 0 : 1);
}

bool intake::wait_for_callbacks() {
  if (link_.before_callbacks)
    link_.before_callbacks();
  const bool waits = may_wait();
  std::unique_lock lock{mutex_};
  auto has_room = [&] { return callbacks_left() < options_.max_ready_blocks; };
  if (waits && calling_ != std::this_thread::get_id()) {
    room_.wait(lock, [&] { return waits_are_over() || has_room(); });
    return !waits_are_over();
  }
  if (!has_room())
    throw stream_error{errc::limit_exceeded,
                       "store: " + std::to_string(options_.max_ready_blocks) +
                           " stores wait for their callbacks, and it is the thread that calls them "
                           "which stores: store from another thread"};
  return !stopped();
}

void intake::run_callbacks() {
  std::unique_lock lock{mutex_};
  if (calling_ != std::thread::id{})
    return;
  while (!to_call_.empty() && to_call_.front()->now == store_receipt::state::stored) {
    calling_ = std::this_thread::get_id();
    auto next = std::move(to_call_.front());
    to_call_.pop_front();
    lock.unlock();
    next->on_stored(next->position);
    next.reset();
    lock.lock();
    calling_ = std::thread::id{};
    room_.notify_all();
  }
}

void intake::abandon() {
  std::deque<std::shared_ptr<store_receipt>> dropped;
  {
    std::lock_guard guard{mutex_};
    abandoned_ = true;
    dropped.swap(to_call_);
  }
  stop();
}

} // namespace millrace
