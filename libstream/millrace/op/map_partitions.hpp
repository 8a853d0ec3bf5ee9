#pragma once

#include "millrace/op/flat_map.hpp"

#include <vector>

namespace millrace {

/// `map_partitions(f)` and `glom()`: calls `f(records of one partition, emit)` when the partition
/// is complete.
///
/// Holds the records of one partition at a time; a partition is at most what one block or one
/// exchange delivers.
template <class In, class Out, class F>
class map_partitions_op final : public op<In, Out> {
public:
  map_partitions_op(op_info_ptr info, consumer<Out>& down, F f)
      : op<In, Out>{std::move(info), down}, f_{std::move(f)}, emit_{out_, down} {}

  void begin(const batch_context& context) override {
    records_.clear();
    out_.begin_batch();
    op<In, Out>::begin(context);
  }

  void consume(std::span<In> records) override {
    records_.insert(records_.end(), std::make_move_iterator(records.begin()),
                    std::make_move_iterator(records.end()));
  }

  void close() override {
    guarded(this->info(), [&] { std::invoke(f_, records_, emit_); });
    emit_.flush();
    records_.clear();
    op<In, Out>::close();
  }

private:
  F f_;
  std::vector<In> records_;
  chunk_buffer<Out> out_;
  emitter<Out> emit_;
};

} // namespace millrace
