#include "millrace/intake/intake.hpp"

namespace millrace {

void intake::connect(intake_link link) { link_ = std::move(link); }

block_ptr intake::pop() {
  block_ptr out;
  {
    std::lock_guard guard{mutex_};
    if (ready_.empty())
      return nullptr;
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
}

std::size_t intake::permits(std::size_t wanted) const {
  if (stopped())
    return 0;
  return link_.permits ? link_.permits(wanted) : wanted;
}

void intake::push(std::vector<block_ptr> blocks, bool wait) {
  if (blocks.empty())
    return;
  {
    std::unique_lock lock{mutex_};
    if (wait && (!link_.may_wait || link_.may_wait()))
      room_.wait(lock, [&] { return stopped() || ready_.size() < options_.max_ready_blocks; });
    for (auto& b : blocks)
      ready_.push_back(std::move(b));
  }
  if (link_.ready)
    link_.ready();
}

} // namespace millrace
