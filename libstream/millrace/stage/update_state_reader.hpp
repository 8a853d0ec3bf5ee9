#pragma once

#include "millrace/op/flat_map.hpp"
#include "millrace/stage/initial_states.hpp"
#include "millrace/stage/scatter.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace millrace {

/// Which keys the function of `update_state_by_key` is called for.
enum class untouched_keys {
  /// Every key with a state is called in every batch, as in Spark, and every state is sent on.
  call,
  /// Only keys with new values are called, and only their states are sent on: the cost of a batch
  /// goes with the keys it touches.
  skip,
};

/// Downstream half of `update_state_by_key`: calls `f(time, key, values, optional<S>)` for the keys
/// of the batch, and for the others; nothing returned removes the key. Sends (key, state) for the
/// keys that have one.
template <class K, class V, class OK, class S, class F, class Partitioner>
class update_state_reader final : public exchange_reader {
public:
  using value_type = std::pair<OK, S>;

  struct options {
    untouched_keys untouched = untouched_keys::call;
    batch<std::pair<OK, S>> initial;
    Partitioner partitioner;
  };

  update_state_reader(op_info_ptr info, consumer<value_type>& down, F f, options o)
      : info_{std::move(info)},
        down_{down},
        f_{std::move(f)},
        options_{std::move(o)},
        emit_{out_, down} {}

  bool read(batch_context& context, const exchange_input& input) override {
    if (!store_)
      initialise(context, input.partition);
    store_->begin(context.time);
    guarded(*info_, [&] { update_all(context, input); });
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    auto send = [&](const OK& key, const S& s) { emit_(value_type{key, s}); };
    if (options_.untouched == untouched_keys::skip)
      store_->touched(send);
    else
      store_->for_each(send);
    emit_.flush();
    down_.close();
    down_.end();
    return true;
  }

  void commit() override { store_->commit(); }
  void rollback() override {
    if (store_)
      store_->rollback();
  }

private:
  using groups = keyed_table<K, std::vector<V>>;

  /// Initial states are those of a batch before the first, so that the first one updates them all.
  void initialise(const batch_context& context, std::uint32_t partition) {
    state_store<OK, S> store{context.seed};
    store.begin(context.zero);
    put_initial_states(options_.initial, partition, options_.partitioner, store);
    store.commit();
    store_.emplace(std::move(store));
    options_.initial = {};
  }

  void update_all(const batch_context& context, const exchange_input& input) {
    groups values{context.seed, key_policy::borrow};
    for (auto& slot : input.slots)
      if (slot)
        group(values, static_cast<const records_payload<std::pair<K, V>>&>(*slot));
    auto entries = values.entries();
    std::vector<std::uint64_t> hashes;
    hashes.reserve(entries.size());
    for (auto& e : entries)
      hashes.push_back(e.hash);
    store_->update(
        entries.size(), hashes.data(), [&](std::size_t i) -> const K& { return entries[i].key; },
        [&](std::size_t i, state<S>& s) {
          apply(context.time, entries[i].key, std::move(entries[i].value), s);
        });
    if (options_.untouched == untouched_keys::call)
      store_->update_untouched(
          [&](const OK& key, state<S>& s) { apply(context.time, K(key), std::vector<V>{}, s); });
  }

  static void group(groups& to, const records_payload<std::pair<K, V>>& from) {
    to.upsert(
        from.items.size(), from.hashes.data(),
        [&](std::size_t i) -> const K& { return from.items[i].first; },
        [&](std::size_t i) { return std::vector<V>{from.items[i].second}; },
        [&](std::vector<V>& all, std::size_t i) { all.push_back(from.items[i].second); });
  }

  void apply(batch_time time, const K& key, std::vector<V>&& values, state<S>& s) {
    std::optional<S> next = f_(time, key, std::move(values), s.get_option());
    if (next)
      s.update(std::move(*next));
    else if (s.exists())
      s.remove();
  }

  op_info_ptr info_;
  consumer<value_type>& down_;
  F f_;
  options options_;
  std::optional<state_store<OK, S>> store_;
  chunk_buffer<value_type> out_;
  emitter<value_type> emit_;
};

} // namespace millrace
