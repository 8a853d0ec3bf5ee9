#pragma once

#include "millrace/op/flat_map.hpp"
#include "millrace/stage/combine.hpp"
#include "millrace/stage/window_times.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace millrace {

/// Downstream half of `reduce_by_key_and_window`: merges the partial results of a batch, hands them
/// to the partition's window, and sends the window's keys at the times of its slide.
///
/// `Window` is a keyed_window or inverse_keyed_window, made by `make(seed)` at the first batch.
template <class K, class C, class OK, class Agg, class Window>
class keyed_window_reader final : public exchange_reader {
public:
  using value_type = std::pair<OK, C>;
  using window_factory = std::function<Window(hash_seed)>;

  keyed_window_reader(op_info_ptr info, consumer<value_type>& down, window_times times,
                      Agg aggregate, window_factory make)
      : info_{std::move(info)},
        down_{down},
        times_{times},
        aggregate_{std::move(aggregate)},
        make_{std::move(make)},
        emit_{out_, down} {}

  bool read(batch_context& context, const exchange_input& input) override {
    if (!window_)
      window_.emplace(make_(context.seed));
    guarded(*info_, [&] { push(context, input.slots); });
    if (!times_.slides_at(context.time, context.zero))
      return false;
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    guarded(*info_, [&] {
      window_->for_each([&](const OK& key, const C& c) { emit_(value_type{key, c}); });
    });
    emit_.flush();
    down_.close();
    down_.end();
    return true;
  }

  void commit() override { window_->commit(); }
  void rollback() override {
    if (window_)
      window_->rollback();
  }

private:
  using entry = typename keyed_payload<K, C>::entry;

  void push(const batch_context& context, const std::vector<payload_ptr>& slots) {
    std::vector<const keyed_payload<K, C>*> inputs;
    for (auto& slot : slots)
      if (slot && slot->records() != 0)
        inputs.push_back(static_cast<const keyed_payload<K, C>*>(slot.get()));
    if (inputs.size() == 1) {
      window_->push(context.time, std::span<const entry>{inputs[0]->entries});
      return;
    }
    keyed_table<K, C> merged{context.seed, key_policy::borrow};
    for (auto* from : inputs)
      merge_entries(merged, std::span<const entry>{from->entries}, aggregate_);
    window_->push(context.time, std::as_const(merged).entries());
  }

  op_info_ptr info_;
  consumer<value_type>& down_;
  window_times times_;
  Agg aggregate_;
  window_factory make_;
  std::optional<Window> window_;
  chunk_buffer<value_type> out_;
  emitter<value_type> emit_;
};

} // namespace millrace
