#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/chunk/keyed_table.hpp"
#include "millrace/op/op.hpp"
#include "millrace/stage/partitioner.hpp"
#include "millrace/stage/writer_base.hpp"

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace {

/// How values become combiners: `create(v)`, `merge_value(c, v)` and `merge_combiners(c, other)`,
/// the two merges in place.
template <class Create, class MergeValue, class MergeCombiners>
struct aggregator {
  Create create;
  MergeValue merge_value;
  MergeCombiners merge_combiners;
};
template <class Create, class MergeValue, class MergeCombiners>
aggregator(Create, MergeValue, MergeCombiners) -> aggregator<Create, MergeValue, MergeCombiners>;

/// (hash, key, combiner) entries of one target; text keys point into `arena`, which it owns.
template <class K, class C>
class keyed_payload final : public payload {
public:
  using entry = typename keyed_table<K, C>::entry;

  std::size_t records() const override { return entries.size(); }

  std::vector<entry> entries;
  std::shared_ptr<const text_arena> arena;
};

/// Upstream half of `reduce_by_key` and `combine_by_key`: combines per stage partition before
/// anything moves, then divides the distinct keys among the targets by their stored hash.
template <class K, class V, class C, class Agg, class Partitioner>
class combine_writer final
    : public writer_base<combine_writer<K, V, C, Agg, Partitioner>, std::pair<K, V>> {
public:
  combine_writer(op_info_ptr info, Agg aggregate, Partitioner partitioner)
      : info_{std::move(info)},
        aggregate_{std::move(aggregate)},
        partitioner_{std::move(partitioner)} {}

  void clear() {
    if (!table_ || table_->seed().value != this->context().seed.value)
      table_.emplace(this->context().seed, key_policy::intern);
    table_->clear();
  }

  void write(partition_order, std::span<std::pair<K, V>> records) {
    guarded(*info_, [&] {
      if (table_->empty())
        table_->reserve(expected_);
      std::uint64_t hashes[max_chunk];
      while (!records.empty()) {
        auto part = records.first(std::min(records.size(), max_chunk));
        for (std::size_t i = 0; i < part.size(); ++i)
          hashes[i] = key_hash<K>{}(part[i].first, this->context().seed);
        table_->upsert(
            part.size(), hashes, [&](std::size_t i) -> const K& { return part[i].first; },
            [&](std::size_t i) -> C { return aggregate_.create(std::move(part[i].second)); },
            [&](C& c, std::size_t i) { aggregate_.merge_value(c, std::move(part[i].second)); });
        records = records.subspan(part.size());
      }
    });
  }

  std::vector<payload_ptr> take() override {
    using out = keyed_payload<K, C>;
    std::vector<std::shared_ptr<out>> targets(partitioner_.partitions);
    for (auto& target : targets)
      target = std::make_shared<out>();
    expected_ = table_->size();
    if (table_->empty())
      return {targets.begin(), targets.end()};
    auto entries = table_->take_entries();
    auto arena = std::make_shared<const text_arena>(table_->take_arena());
    if (std::is_same_v<Partitioner, hash_partitioner> && targets.size() == 1) {
      targets[0]->entries = std::move(entries);
    } else {
      guarded(*info_, [&] { divide(entries, targets); });
    }
    for (auto& target : targets) {
      if (!target->entries.empty())
        target->arena = arena;
      this->template keep_inputs<C>(*target);
    }
    return {targets.begin(), targets.end()};
  }

private:
  static constexpr std::size_t max_chunk = 1024;

  template <class Entries, class Targets>
  void divide(Entries& entries, Targets& targets) {
    for (auto& target : targets)
      target->entries.reserve(entries.size() / targets.size() + entries.size() / 8 + 8);
    for (auto& entry : entries)
      targets[target_of(partitioner_, entry.key, entry.hash)]->entries.push_back(std::move(entry));
  }

  op_info_ptr info_;
  Agg aggregate_;
  Partitioner partitioner_;
  std::optional<keyed_table<K, C>> table_;
  std::size_t expected_ = 0; // different keys, as in the last batch
};

/// Merges partial combiners of one upstream partition into those of others, with their hashes.
template <class K, class C, class Agg>
void merge_entries(keyed_table<K, C>& merged,
                   std::span<const typename keyed_table<K, C>::entry> entries, Agg& aggregate) {
  std::uint64_t hashes[1024];
  while (!entries.empty()) {
    auto part = entries.first(std::min<std::size_t>(entries.size(), 1024));
    for (std::size_t i = 0; i < part.size(); ++i)
      hashes[i] = part[i].hash;
    merged.upsert(
        part.size(), hashes, [&](std::size_t i) -> const K& { return part[i].key; },
        [&](std::size_t i) -> C { return part[i].value; },
        [&](C& c, std::size_t i) { aggregate.merge_combiners(c, part[i].value); });
    entries = entries.subspan(part.size());
  }
}

/// Downstream half: merges the partial combiners of all upstream partitions. With one non-empty
/// input there is nothing to merge, and its entries, already distinct, are passed on directly.
template <class K, class C, class Agg>
class combine_reader final : public exchange_reader {
public:
  combine_reader(op_info_ptr info, consumer<std::pair<K, C>>& down, Agg aggregate)
      : info_{std::move(info)}, down_{down}, aggregate_{std::move(aggregate)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    std::vector<const keyed_payload<K, C>*> inputs;
    for (auto& slot : input.slots)
      if (slot->records() != 0)
        inputs.push_back(static_cast<const keyed_payload<K, C>*>(slot.get()));
    if (inputs.size() == 1) {
      emit(inputs[0]->entries);
    } else if (!inputs.empty()) {
      keyed_table<K, C> merged{context.seed, key_policy::borrow};
      merged.reserve(inputs[0]->entries.size());
      guarded(*info_, [&] {
        for (auto* from : inputs)
          merge_entries(merged, std::span<const entry>{from->entries}, aggregate_);
      });
      emit(std::as_const(merged).entries());
    }
    down_.close();
    down_.end();
    return true;
  }

private:
  using entry = typename keyed_payload<K, C>::entry;

  void emit(std::span<const entry> entries) {
    for (auto& e : entries) {
      if (out_.full())
        flush();
      out_.emplace(e.key, e.value);
    }
    flush();
  }

  void flush() {
    if (!out_.empty())
      down_.consume(out_.records());
    out_.clear();
  }

  op_info_ptr info_;
  consumer<std::pair<K, C>>& down_;
  Agg aggregate_;
  chunk_buffer<std::pair<K, C>> out_;
};

} // namespace millrace
