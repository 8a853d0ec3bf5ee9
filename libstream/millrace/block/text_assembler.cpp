#include "millrace/block/text_assembler.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace millrace {

text_assembler::text_assembler(std::shared_ptr<arena_pool> pool,
                               std::unique_ptr<record_framer> framer, std::size_t min_read)
    : pool_(std::move(pool)),
      framer_(std::move(framer)),
      min_read_(std::max<std::size_t>(min_read, 1)) {}

std::span<char> text_assembler::writable() {
  if (failure_)
    return {};
  if (!arena_ || arena_->capacity() - write_ < min_read_)
    begin_arena();
  return {arena_->data() + write_, arena_->capacity() - write_};
}

void text_assembler::begin_arena() {
  // Room grows with the tail, so that a long record is copied a constant number of times per byte.
  const auto tail = unfinished_bytes();
  auto fresh = pool_->acquire(2 * tail + min_read_);
  if (tail > 0)
    std::memcpy(fresh->data(), arena_->data() + begin_, tail);
  arena_ = std::move(fresh);
  begin_ = 0;
  write_ = static_cast<std::uint32_t>(tail);
}

text_piece text_assembler::commit(std::size_t n) {
  if (failure_ || n == 0)
    return {};
  assert(arena_ && n <= arena_->capacity() - write_);
  auto slices = std::vector<text_slice>{};
  slices.reserve(last_slices_);
  const auto to = static_cast<std::uint32_t>(write_ + n);
  if (auto progress = framer_->feed(arena_->data(), begin_, write_, to, slices)) {
    assert(slices.empty() || slices.back().end() <= progress->begin);
    assert(progress->begin <= progress->end && progress->end <= to);
    begin_ = progress->begin;
    write_ = progress->end;
  } else {
    failure_ = std::move(progress.error());
    begin_ = write_ = to;
  }
  last_slices_ = slices.size() + slices.size() / 8;
  return deliver(std::move(slices));
}

text_piece text_assembler::finish() {
  if (failure_ || !arena_)
    return {};
  auto slices = std::vector<text_slice>{};
  if (auto done = framer_->finish(arena_->data(), begin_, write_, slices); !done)
    failure_ = std::move(done.error());
  begin_ = write_;
  return deliver(std::move(slices));
}

void text_assembler::restart(std::unique_ptr<record_framer> framer) {
  framer_ = std::move(framer);
  failure_.reset();
  begin_ = write_;
}

text_piece text_assembler::deliver(std::vector<text_slice> slices) {
  if (slices.empty())
    return {};
  const auto bytes = span_bytes(slices);
  return {arena_, std::move(slices), bytes};
}

} // namespace millrace
