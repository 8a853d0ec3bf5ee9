#pragma once

#include "millrace/op/op.hpp"

#include <functional>

namespace millrace {

/// `filter(predicate)`: compacts the chunk in place, so that no record is copied.
template <class T, class Predicate>
class filter_op final : public op<T, T> {
public:
  filter_op(op_info_ptr info, consumer<T>& down, Predicate predicate)
      : op<T, T>{std::move(info), down}, predicate_{std::move(predicate)} {}

  void consume(std::span<T> records) override {
    std::size_t kept = 0;
    guarded(this->info(), [&] {
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (!std::invoke(predicate_, std::as_const(records[i])))
          continue;
        if (kept != i)
          records[kept] = std::move(records[i]);
        ++kept;
      }
    });
    if (kept != 0)
      this->down().consume(records.first(kept));
  }

private:
  Predicate predicate_;
};

} // namespace millrace
