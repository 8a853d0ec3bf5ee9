#pragma once

#include "millrace/chunk/batch.hpp"
#include "millrace/flow/collector.hpp"
#include "millrace/flow/print_format.hpp"
#include "millrace/op/op.hpp"
#include "millrace/plan/node.hpp"
#include "millrace/stage/collect.hpp"

#include <functional>
#include <ostream>

namespace millrace {

/// `print(n)`: T is the owned element type.
template <class T>
class print_sink final : public output_sink {
public:
  print_sink(op_info_ptr info, std::size_t shown, std::ostream& to)
      : info_{std::move(info)}, shown_{shown}, to_{to} {}

  void run(const batch_context& context, const std::vector<payload_ptr>& slots,
           const std::shared_ptr<parallel_executor>&) override {
    std::vector<std::string> elements;
    bool more = false;
    for_each_part<T>(slots, [&](auto& part) {
      for (auto& item : part.items) {
        if (elements.size() == shown_) {
          more = true;
          break;
        }
        format_element(elements.emplace_back(), item);
      }
    });
    if (auto ok = write_batch(to_, format_batch(context.time.ms(), elements, more)); !ok)
      throw stream_error{ok.error().code, describe(*info_) + ": " + ok.error().message};
  }

private:
  op_info_ptr info_;
  std::size_t shown_;
  std::ostream& to_;
};

/// `for_each_batch(f)`: f(batch) or f(batch, time).
template <class T, class F>
class for_each_batch_sink final : public output_sink {
public:
  for_each_batch_sink(op_info_ptr info, F f) : info_{std::move(info)}, f_{std::move(f)} {}

  void run(const batch_context& context, const std::vector<payload_ptr>& slots,
           const std::shared_ptr<parallel_executor>& executor) override {
    batch<T> records{ordered_partitions<T>(slots), executor, context.seed};
    guarded(*info_, [&] {
      if constexpr (std::invocable<F&, const batch<T>&, batch_time>)
        std::invoke(f_, std::as_const(records), context.time);
      else
        std::invoke(f_, std::as_const(records));
    });
  }

private:
  op_info_ptr info_;
  F f_;
};

/// `collect_into(c)`.
template <class T>
class collect_sink final : public output_sink {
public:
  explicit collect_sink(collector<T>& to) : to_{to} {}

  void run(const batch_context& context, const std::vector<payload_ptr>& slots,
           const std::shared_ptr<parallel_executor>&) override {
    to_.add(context.time, ordered_partitions<T>(slots));
  }

private:
  collector<T>& to_;
};

} // namespace millrace
