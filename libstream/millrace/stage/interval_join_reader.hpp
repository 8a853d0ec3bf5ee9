#pragma once

#include "millrace/eventtime/interval_join_buffer.hpp"
#include "millrace/op/flat_map.hpp"
#include "millrace/stage/event_exchange.hpp"

#include <optional>

namespace millrace {

/// Downstream half of `interval_join`: every pair of records of one key whose event times are
/// within bounds, in the batch of the later of the two. Late records have no partners.
template <class K, class V, class W>
class interval_join_reader final : public exchange_reader {
public:
  using buffer = interval_join_buffer<K, V, W>;
  using value_type =
      std::pair<owned_t<K>, std::pair<timestamped<owned_t<V>>, timestamped<owned_t<W>>>>;

  struct options {
    duration lower;
    duration upper;
    watermark_options left;
    watermark_options right;
    interval_join_options bounds;
  };

  interval_join_reader(op_info_ptr info, consumer<value_type>& down, const options& o)
      : info_{std::move(info)},
        down_{down},
        options_{o},
        left_{o.left},
        right_{o.right},
        emit_{out_, down} {}

  bool read(batch_context& context, const exchange_input& input) override {
    if (!buffer_)
      buffer_.emplace(options_.lower, options_.upper, context.seed, options_.bounds);
    left_.begin(context.time);
    right_.begin(context.time);
    for (std::size_t i = 0; i < input.slots.size(); ++i)
      if (auto& slot = input.slots[i]) {
        if (input.parents[i] == 0)
          left_.observe_greatest(static_cast<const event_payload<K, V>&>(*slot).greatest);
        else
          right_.observe_greatest(static_cast<const event_payload<K, W>&>(*slot).greatest);
      }
    buffer_->begin(left_.value(), right_.value());
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    guarded(*info_, [&] { join(input); });
    emit_.flush();
    down_.close();
    down_.end();
    return true;
  }

  void commit() override {
    buffer_->commit();
    left_.commit();
    right_.commit();
  }
  void rollback() override {
    if (buffer_)
      buffer_->rollback();
    left_.rollback();
    right_.rollback();
  }

private:
  void join(const exchange_input& input) {
    for (std::size_t i = 0; i < input.slots.size(); ++i) {
      if (!input.slots[i])
        continue;
      if (input.parents[i] == 0) {
        auto& from = static_cast<const event_payload<K, V>&>(*input.slots[i]);
        for (std::size_t r = 0; r < from.items.size(); ++r)
          buffer_->add_left(from.items[r].value.first, from.hashes[r], from.items[r].time,
                            from.items[r].value.second);
      } else {
        auto& from = static_cast<const event_payload<K, W>&>(*input.slots[i]);
        for (std::size_t r = 0; r < from.items.size(); ++r)
          buffer_->add_right(from.items[r].value.first, from.hashes[r], from.items[r].time,
                             from.items[r].value.second);
      }
    }
    buffer_->join([&](const owned_t<K>& key, const auto& left, const auto& right) {
      emit_(value_type{key, {left, right}});
    });
  }

  op_info_ptr info_;
  consumer<value_type>& down_;
  options options_;
  watermark left_;
  watermark right_;
  std::optional<buffer> buffer_;
  chunk_buffer<value_type> out_;
  emitter<value_type> emit_;
};

} // namespace millrace
