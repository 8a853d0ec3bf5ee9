#pragma once

#include "millrace/op/send_copies.hpp"
#include "millrace/stage/collect.hpp"
#include "millrace/stage/window_times.hpp"

#include <deque>
#include <memory>
#include <vector>

namespace millrace {

/// Downstream half of `window(w, s)`: keeps the payloads of the batches of the last window and, at
/// the times of its slide, sends the records of all of them down, oldest batch first.
///
/// The payloads are shared, not copied, and own the text of their records (see collect_writer);
/// records are copied into the chunk, because they will be sent again. Cost of a slide: the records
/// of the window. Keeps what the window holds and nothing else: the blocks that a batch came from
/// go when the batch is done, so `stream.block_store_bytes` bounds them, and what a window holds is
/// bounded by its length and by what is sent into it.
template <class T>
class window_reader final : public exchange_reader {
public:
  window_reader(consumer<T>& down, window_times times) : down_{down}, times_{times} {}

  bool read(batch_context& context, const exchange_input& input) override {
    dropped_.clear();
    while (!kept_.empty() && times_.is_over(kept_.front().time, context.time)) {
      dropped_.push_back(std::move(kept_.front()));
      kept_.pop_front();
    }
    held_batch now{context.time, {}};
    for (auto& slot : input.slots)
      if (slot)
        now.slots.push_back(slot);
    kept_.push_back(std::move(now));
    added_ = true;
    if (!times_.slides_at(context.time, context.zero))
      return false;
    emit(context);
    return true;
  }

  void commit() override {
    dropped_.clear();
    added_ = false;
  }

  void rollback() override {
    if (std::exchange(added_, false))
      kept_.pop_back();
    while (!dropped_.empty()) {
      kept_.push_front(std::move(dropped_.back()));
      dropped_.pop_back();
    }
  }

private:
  struct held_batch {
    batch_time time;
    std::vector<payload_ptr> slots;
  };

  void emit(batch_context& context) {
    auto alive = std::make_shared<std::vector<payload_ptr>>();
    for (auto& held : kept_)
      alive->insert(alive->end(), held.slots.begin(), held.slots.end());
    context.inputs = std::move(alive);
    out_.begin_batch();
    down_.begin(context);
    std::uint64_t age = 0;
    for (auto& held : kept_) {
      for_each_part<T>(held.slots, [&](auto& part) {
        down_.open({0, place(age, part.order)});
        send_copies<T>(part.items, out_, down_);
        down_.close();
      });
      ++age;
    }
    down_.end();
  }

  /// Batches in order of time, in each of them the order it had: equal in all partitions of this
  /// stage. Of windows over windows only the batches stay in order.
  static std::uint64_t place(std::uint64_t age, partition_order order) {
    constexpr std::uint64_t lanes = 4096;
    constexpr std::uint64_t parts = std::uint64_t{1} << 28U;
    return (age * lanes + order.lane % lanes) * parts + order.index % parts;
  }

  consumer<T>& down_;
  window_times times_;
  std::deque<held_batch> kept_;
  std::vector<held_batch> dropped_; ///< By the batch that is not committed yet.
  bool added_ = false;
  chunk_buffer<T> out_;
};

} // namespace millrace
