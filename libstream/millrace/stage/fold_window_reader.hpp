#pragma once

#include "millrace/stage/fold.hpp"
#include "millrace/stage/window_times.hpp"

#include <optional>

namespace millrace {

/// Downstream half of `reduce_by_window`: one value for each batch of the window, folded in order
/// of time by `Fold`, a window_fold with or without an inverse. When the window holds nothing,
/// `of_nothing`.
template <class T, class F, class Fold>
class fold_window_reader final : public exchange_reader {
public:
  fold_window_reader(op_info_ptr info, consumer<T>& down, window_times times, F f, Fold fold,
                     std::optional<T> of_nothing = std::nullopt)
      : info_{std::move(info)},
        down_{down},
        times_{times},
        f_{std::move(f)},
        fold_{std::move(fold)},
        of_nothing_{std::move(of_nothing)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    std::optional<T> result;
    bool slides = times_.slides_at(context.time, context.zero);
    guarded(*info_, [&] {
      fold_.begin(context.time);
      fold_.push(total(input.slots));
      if (slides)
        result = fold_.query();
    });
    if (!slides)
      return false;
    if (!result)
      result = of_nothing_;
    down_.begin(context);
    down_.open({0, input.partition});
    if (result)
      down_.consume(std::span<T>{&*result, 1});
    down_.close();
    down_.end();
    return true;
  }

  void commit() override { fold_.commit(); }
  void rollback() override { fold_.rollback(); }

private:
  /// Of this batch, in upstream order.
  std::optional<T> total(const std::vector<payload_ptr>& slots) {
    std::optional<T> sum;
    for (auto& slot : slots) {
      if (!slot)
        continue;
      auto& part = static_cast<const fold_payload<T>&>(*slot).value;
      if (!part)
        continue;
      if (sum)
        reduce_into<T>(f_, *sum, T(*part));
      else
        sum.emplace(*part);
    }
    return sum;
  }

  op_info_ptr info_;
  consumer<T>& down_;
  window_times times_;
  F f_;
  Fold fold_;
  std::optional<T> of_nothing_;
};

} // namespace millrace
