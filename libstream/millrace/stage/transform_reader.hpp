#pragma once

#include "millrace/chunk/batch.hpp"
#include "millrace/op/op.hpp"
#include "millrace/op/send_copies.hpp"
#include "millrace/stage/collect.hpp"

#include <functional>
#include <optional>

namespace millrace {

/// The batches of the parents of a `transform`, at one time.
class transform_inputs {
public:
  transform_inputs(const batch_context& context, const exchange_input& input)
      : context_{context}, input_{input} {}

  batch_time time() const { return context_.time; }

  /// The batch of a parent whose owned element type is T.
  template <class T>
  batch<T> of(std::size_t parent) const {
    std::vector<payload_ptr> slots;
    for (std::size_t i = 0; i < input_.slots.size(); ++i)
      if (input_.parents[i] == parent)
        slots.push_back(input_.slots[i]);
    auto executor = context_.executor ? context_.executor : make_sequential_executor();
    return batch<T>{ordered_partitions<T>(slots), std::move(executor), context_.seed};
  }

private:
  const batch_context& context_;
  const exchange_input& input_;
};

/// Downstream half of `transform`: gathers the batch of every parent, calls the user's function and
/// sends the partitions of what it returns down. Runs in one place for each batch, as code on
/// Spark's driver does; the operations of `batch<T>` inside it run in parallel.
template <class Out>
class transform_reader final : public exchange_reader {
public:
  /// Nothing returned is the user's error.
  using call = std::function<std::optional<batch<Out>>(const transform_inputs&)>;

  transform_reader(op_info_ptr info, consumer<Out>& down, call f)
      : info_{std::move(info)}, down_{down}, f_{std::move(f)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    auto result = guarded(*info_, [&] {
      auto made = f_(transform_inputs{context, input});
      if (!made)
        throw stream_error{errc::user_function_failed,
                           "Transform function must not return null: return an empty batch to "
                           "represent no element as the result of the transformation"};
      return std::move(*made);
    });
    out_.begin_batch();
    down_.begin(context);
    for (std::size_t p = 0; p < result.partitions(); ++p) {
      down_.open({0, p});
      send_copies<Out>(result.partition(p), out_, down_);
      down_.close();
    }
    down_.end();
    return true;
  }

private:
  op_info_ptr info_;
  consumer<Out>& down_;
  call f_;
  chunk_buffer<Out> out_;
};

} // namespace millrace
