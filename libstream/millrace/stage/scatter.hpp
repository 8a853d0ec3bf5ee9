#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/op/op.hpp"
#include "millrace/op/send_copies.hpp"
#include "millrace/stage/partitioner.hpp"
#include "millrace/stage/records_payload.hpp"
#include "millrace/stage/writer_base.hpp"

#include <algorithm>
#include <iterator>

namespace millrace {

/// Upstream half of `partition_by` and `group_by_key`: moves every record to the partition of its
/// key.
template <class K, class V, class Partitioner>
class scatter_writer final
    : public writer_base<scatter_writer<K, V, Partitioner>, std::pair<K, V>> {
public:
  scatter_writer(op_info_ptr info, Partitioner partitioner)
      : info_{std::move(info)},
        partitioner_{std::move(partitioner)},
        payloads_{payloads_kept(partitioner_.partitions)} {}

  void clear() {
    expected_.resize(partitioner_.partitions);
    targets_.assign(partitioner_.partitions, nullptr);
    for (auto& target : targets_)
      target = payloads_.get();
  }

  void write(partition_order, std::span<std::pair<K, V>> records) {
    guarded(*info_, [&] {
      if (std::is_same_v<Partitioner, hash_partitioner> && targets_.size() == 1)
        write_to_one(records);
      else
        write_by_key(records);
    });
  }

  std::vector<payload_ptr> take() override {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      auto& target = *targets_[i];
      this->template keep_inputs<std::pair<K, V>>(target);
      expected_[i] = target.items.size();
      target.trim();
    }
    return share_targets(targets_);
  }

private:
  using target_payload = records_payload<std::pair<K, V>>;

  /// Batches are often of one size: room for as many records as the last one had.
  void make_room(std::size_t target) {
    if (!targets_[target]->items.empty()) [[likely]]
      return;
    targets_[target]->items.reserve(expected_[target]);
    targets_[target]->hashes.reserve(expected_[target]);
  }

  void write_to_one(std::span<std::pair<K, V>> records) {
    make_room(0);
    auto& items = targets_[0]->items;
    auto& hashes = targets_[0]->hashes;
    const std::size_t before = hashes.size();
    hashes.resize(before + records.size());
    hash_keys(
        records.size(), [&](std::size_t i) -> const K& { return records[i].first; },
        this->context().seed, hashes.data() + before);
    items.insert(items.end(), std::make_move_iterator(records.begin()),
                 std::make_move_iterator(records.end()));
  }

  void write_by_key(std::span<std::pair<K, V>> records) {
    for (auto& record : records) {
      const std::uint64_t hash = key_hash<K>{}(record.first, this->context().seed);
      const std::size_t at = target_of(partitioner_, record.first, hash);
      make_room(at);
      targets_[at]->hashes.push_back(hash);
      targets_[at]->items.push_back(std::move(record));
    }
  }

  op_info_ptr info_;
  Partitioner partitioner_;
  payload_pool<target_payload> payloads_;
  std::vector<std::shared_ptr<target_payload>> targets_;
  std::vector<std::size_t> expected_; // records for each target, as in the last batch
};

/// Upstream half of `repartition(n)`: deals the records of each partition out in turn, so that
/// sizes differ by at most one for each upstream partition. Each upstream partition starts at
/// another target.
template <class T>
class deal_writer final : public writer_base<deal_writer<T>, T> {
public:
  explicit deal_writer(std::uint32_t partitions)
      : partitions_{partitions}, payloads_{payloads_kept(partitions)} {}

  void clear() {
    targets_.assign(partitions_, nullptr);
    for (auto& target : targets_)
      target = payloads_.get();
    next_ = 0;
  }

  void opened(partition_order order) {
    next_ = static_cast<std::uint32_t>(order.index % partitions_);
  }

  void write(partition_order, std::span<T> records) {
    for (auto& record : records) {
      targets_[next_]->items.push_back(std::move(record));
      next_ = next_ + 1 == partitions_ ? 0 : next_ + 1;
    }
  }

  std::vector<payload_ptr> take() override {
    for (auto& target : targets_) {
      this->template keep_inputs<T>(*target);
      target->trim();
    }
    return share_targets(targets_);
  }

private:
  std::uint32_t partitions_;
  std::uint32_t next_ = 0;
  payload_pool<records_payload<T>> payloads_;
  std::vector<std::shared_ptr<records_payload<T>>> targets_;
};

/// Downstream half of `partition_by` and `repartition`: passes the records on in upstream order.
template <class T>
class records_reader final : public exchange_reader {
public:
  explicit records_reader(consumer<T>& down) : down_{down} {}

  bool read(batch_context& context, const exchange_input& input) override {
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    for (auto& slot : input.slots)
      send_copies<T>(static_cast<const records_payload<T>&>(*slot).items, out_, down_);
    down_.close();
    down_.end();
    return true;
  }

private:
  consumer<T>& down_;
  chunk_buffer<T> out_;
};

} // namespace millrace
