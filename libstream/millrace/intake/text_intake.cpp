#include "millrace/intake/text_intake.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace millrace {

namespace {
constexpr std::size_t own_arena_bytes = std::size_t{256} << 10;
} // namespace

text_intake::text_intake(intake_options options)
    : intake{options},
      arenas_{std::make_shared<arena_pool>()},
      open_{text_block_builder{options.max_block_bytes}, {}, 0, {}, 0},
      slot_{open_} {}

template <class Store>
bool text_intake::with_permits(std::size_t records, Store store) {
  // What this call has waited for is its own; others may have what is left of it.
  std::size_t own = 0;
  for (;;) {
    std::size_t missing = 0;
    {
      producer_slot<open_text>::holder open{slot_};
      if (stopped())
        return false;
      if (own + open->permits >= records) {
        open->permits = own + open->permits - records;
        store(*open);
        return true;
      }
      missing = records - own - open->permits;
    }
    // Without the slot, so that a wait keeps nobody from cutting.
    const std::size_t granted = permits(std::max<std::size_t>(missing, 64));
    if (granted == 0)
      return false;
    own += granted;
  }
}

bool text_intake::add(text_piece piece) {
  const auto records = piece.slices.size();
  return with_permits(records, [&](open_text& open) {
    auto done = flush_singles(open);
    std::ranges::move(open.builder.add(std::move(piece)), std::back_inserter(done));
    push(std::move(done), true);
    if (cut_wanted_.load(std::memory_order_relaxed))
      cut_open(open);
  });
}

bool text_intake::store(std::string_view record) {
  return with_permits(1, [&](open_text& open) {
    bool no_room = !open.own || open.own->capacity() - open.used < record.size();
    if (no_room || text_block::cost(open.slices) >= options().max_block_bytes)
      push(flush_singles(open), true);
    if (no_room) {
      open.own = arenas_->acquire(std::max(own_arena_bytes, record.size()));
      open.used = 0;
    }
    std::memcpy(open.own->data() + open.used, record.data(), record.size());
    open.slices.push_back(
        {static_cast<std::uint32_t>(open.used), static_cast<std::uint32_t>(record.size())});
    open.used += record.size();
    if (cut_wanted_.load(std::memory_order_relaxed))
      cut_open(open);
  });
}

bool text_intake::store(const std::vector<std::string_view>& records,
                        std::shared_ptr<store_receipt> receipt) {
  return with_permits(records.size(), [&](open_text& open) {
    auto done = flush_singles(open);
    if (auto before = open.builder.cut())
      done.push_back(std::move(before));
    if (records.empty()) {
      // What was stored before must not be withdrawn by this receipt.
      push(std::move(done), true);
      push({}, false, std::move(receipt));
      return;
    }
    done.push_back(make_text_block(records));
    push(std::move(done), true, std::move(receipt));
  });
}

std::vector<block_ptr> text_intake::flush_singles(open_text& open) {
  if (open.slices.empty())
    return {};
  text_piece piece{open.own, std::exchange(open.slices, {}), 0};
  piece.bytes = span_bytes(piece.slices);
  return open.builder.add(std::move(piece));
}

void text_intake::cut() {
  if (stopped()) {
    producer_slot<open_text>::holder open{slot_};
    cut_open(*open);
    return;
  }
  cut_wanted_.store(true, std::memory_order_relaxed);
  if (auto* open = slot_.try_take()) {
    cut_open(*open);
    slot_.give_back(open);
  }
}

void text_intake::cut_open(open_text& open) {
  cut_wanted_.store(false, std::memory_order_relaxed);
  auto done = flush_singles(open);
  if (auto block = open.builder.cut())
    done.push_back(std::move(block));
  push(std::move(done), false);
}

} // namespace millrace
