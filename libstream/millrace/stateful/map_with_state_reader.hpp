#pragma once

#include "millrace/exchange/scatter.hpp"
#include "millrace/stateful/initial_states.hpp"
#include "millrace/stateful/state_chunk.hpp"

#include <optional>

namespace millrace {

/// Downstream half of `map_with_state`: calls `f(time, key, optional<V>, state<S>&)` once for each
/// record, in upstream order, then once for each key that times out, and sends what it returns.
///
/// K is the key of the records, OK its owned type. `f` returns optional<E>.
template <class K, class V, class OK, class S, class E, class F, class Partitioner>
class map_with_state_reader final : public exchange_reader {
public:
  using chunk = state_chunk<OK, S, E>;

  struct options {
    std::optional<duration> timeout;
    batch<std::pair<OK, S>> initial;
    Partitioner partitioner;
  };

  map_with_state_reader(op_info_ptr info, consumer<chunk>& down, F f, options o)
      : info_{std::move(info)}, down_{down}, f_{std::move(f)}, options_{std::move(o)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    if (!store_)
      store_.emplace(context.seed, options_.timeout);
    out_.begin_batch();
    store_->begin(context.time);
    if (!initialised_)
      put_initial_states(options_.initial, input.partition, options_.partitioner, *store_);
    down_.begin(context);
    down_.open({0, input.partition});
    guarded(*info_, [&] {
      for (auto& slot : input.slots)
        if (slot)
          update(context, static_cast<const records_payload<std::pair<K, V>>&>(*slot));
      store_->expire([&](const OK& key, state<S>& s) {
        emit(f_(context.time, K(key), std::optional<V>{}, s));
      });
    });
    flush();
    chunk states{{}, &*store_};
    down_.consume({&states, 1});
    down_.close();
    down_.end();
    return true;
  }

  void commit() override {
    store_->commit();
    if (!std::exchange(initialised_, true))
      options_.initial = {};
  }
  void rollback() override {
    if (store_)
      store_->rollback();
  }

private:
  void update(const batch_context& context, const records_payload<std::pair<K, V>>& from) {
    store_->update(
        from.items.size(), from.hashes.data(),
        [&](std::size_t i) -> const K& { return from.items[i].first; },
        [&](std::size_t i, state<S>& s) {
          emit(f_(context.time, from.items[i].first, std::optional<V>{from.items[i].second}, s));
        });
  }

  void emit(std::optional<E>&& result) {
    if (!result)
      return;
    if (out_.full())
      flush();
    out_.emplace(std::move(*result));
  }

  void flush() {
    if (out_.empty())
      return;
    chunk mapped{out_.records(), nullptr};
    down_.consume({&mapped, 1});
    out_.clear();
  }

  op_info_ptr info_;
  consumer<chunk>& down_;
  F f_;
  options options_;
  std::optional<state_store<OK, S>> store_;
  bool initialised_ = false;
  chunk_buffer<E> out_;
};

} // namespace millrace
