#pragma once

#include "millrace/chunk/text_arena.hpp"
#include "millrace/stage/direct.hpp"
#include "millrace/stage/initial_states.hpp"
#include "millrace/stage/scatter.hpp"
#include "millrace/stage/state_chunk.hpp"

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
    if constexpr (contains_view_v<E>) {
      text_ = std::make_shared<text_arena>();
      context.inputs = std::make_shared<std::pair<std::shared_ptr<const void>, decltype(text_)>>(
          std::move(context.inputs), text_);
    }
    begin_batch(context, input.partition);
    for (auto& slot : input.slots)
      if (slot)
        update(static_cast<const records_payload<std::pair<K, V>>&>(*slot));
    end_batch();
    return true;
  }

  /// Not if what `f` returns may point into a record, which then has to live as long as the batch;
  /// nor with a partitioner of the user's own, which the exchange asks.
  std::unique_ptr<exchange_writer> make_direct_writer(std::uint32_t partition) override {
    if (contains_view_v<E> || std::is_pointer_v<E> ||
        !std::is_same_v<Partitioner, hash_partitioner>)
      return nullptr;
    return make_part<direct_writer<map_with_state_reader, std::pair<K, V>>>(*this, partition);
  }

  void begin_batch(const batch_context& context, std::uint32_t partition) {
    if (!store_)
      store_.emplace(context.seed, options_.timeout);
    time_ = context.time;
    out_.begin_batch();
    hashes_.begin_batch();
    store_->begin(time_);
    if (!initialised_)
      put_initial_states(options_.initial, partition, options_.partitioner, *store_);
    down_.begin(context);
    down_.open({0, partition});
  }

  void add(std::span<std::pair<K, V>> records) {
    guarded(*info_, [&] {
      for (; !records.empty();
           records = records.subspan(std::min(hashes_.capacity, records.size())))
        update(records.first(std::min(hashes_.capacity, records.size())));
    });
    flush(); // what was made may point into the records
  }

  void end_batch() {
    guarded(*info_, [&] {
      store_->expire(
          [&](const OK& key, state<S>& s) { emit(f_(time_, K(key), std::optional<V>{}, s)); });
    });
    flush();
    chunk states{{}, &*store_};
    down_.consume({&states, 1});
    down_.close();
    down_.end();
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
  void update(const records_payload<std::pair<K, V>>& from) {
    guarded(*info_, [&] {
      store_->update(
          from.items.size(), from.hashes.data(),
          [&](std::size_t i) -> const K& { return from.items[i].first; },
          [&](std::size_t i, state<S>& s) {
            emit(f_(time_, from.items[i].first, std::optional<V>{from.items[i].second}, s));
          });
    });
  }

  void update(std::span<std::pair<K, V>> from) {
    hashes_.clear();
    const auto key_at = [&](std::size_t i) -> const K& { return from[i].first; };
    hash_keys(from.size(), key_at, store_->seed(), hashes_.raw());
    hashes_.set_size(from.size());
    store_->update(from.size(), hashes_.records().data(), key_at, [&](std::size_t i, state<S>& s) {
      emit(f_(time_, from[i].first, std::optional<V>{value_of(from[i])}, s));
    });
  }

  /// A key that is a view may be one of bytes that the value owns, and is read after the call.
  static auto value_of(std::pair<K, V>& record) -> decltype(auto) {
    if constexpr (contains_view_v<K>)
      return std::as_const(record.second);
    else
      return std::move(record.second);
  }

  void emit(std::optional<E>&& result) {
    if (!result)
      return;
    if constexpr (contains_view_v<E>)
      intern_views(*result, *text_);
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
  batch_time time_;
  chunk_buffer<std::uint64_t> hashes_; // of the chunk that is being added
  /// Of results that hold views: these may be of a state, which changes, or of a key, which goes.
  std::shared_ptr<text_arena> text_;
  chunk_buffer<E> out_;
};

} // namespace millrace
