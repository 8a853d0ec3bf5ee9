#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/op/op.hpp"

#include <algorithm>
#include <functional>

namespace millrace {

/// `map(f)`: one result per record, in order.
template <class In, class Out, class F>
class map_op final : public op<In, Out> {
public:
  map_op(op_info_ptr info, consumer<Out>& down, F f)
      : op<In, Out>{std::move(info), down}, f_{std::move(f)} {}

  void begin(const batch_context& context) override {
    out_.begin_batch();
    op<In, Out>::begin(context);
  }

  void consume(std::span<In> records) override {
    while (!records.empty()) {
      auto part = records.first(std::min(records.size(), out_.capacity));
      guarded(this->info(), [&] {
        out_.fill(part.size(),
                  [&](std::size_t i) -> Out { return std::invoke(f_, std::move(part[i])); });
      });
      this->down().consume(out_.records());
      out_.clear();
      records = records.subspan(part.size());
    }
  }

private:
  F f_;
  chunk_buffer<Out> out_;
};

} // namespace millrace
