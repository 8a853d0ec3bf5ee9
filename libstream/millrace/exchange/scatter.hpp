#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/exchange/partitioner.hpp"
#include "millrace/exchange/writer_base.hpp"
#include "millrace/op/op.hpp"
#include "millrace/op/send_copies.hpp"

#include <algorithm>

namespace millrace {

/// Whole records for one target, in upstream order, with their key hashes where the exchange is
/// keyed.
template <class T>
class records_payload final : public payload {
public:
  std::size_t records() const override { return items.size(); }

  std::vector<T> items;
  std::vector<std::uint64_t> hashes;
};

namespace detail {
template <class T>
std::vector<payload_ptr> share(std::vector<std::shared_ptr<records_payload<T>>>& targets) {
  std::vector<payload_ptr> taken{targets.begin(), targets.end()};
  targets.clear();
  return taken;
}
} // namespace detail

/// Upstream half of `partition_by` and `group_by_key`: moves every record to the partition of its
/// key.
template <class K, class V, class Partitioner>
class scatter_writer final
    : public writer_base<scatter_writer<K, V, Partitioner>, std::pair<K, V>> {
public:
  scatter_writer(op_info_ptr info, Partitioner partitioner)
      : info_{std::move(info)}, partitioner_{std::move(partitioner)} {}

  void clear() {
    targets_.assign(partitioner_.partitions, nullptr);
    for (auto& target : targets_)
      target = std::make_shared<records_payload<std::pair<K, V>>>();
  }

  void write(partition_order, std::span<std::pair<K, V>> records) {
    guarded(*info_, [&] {
      for (auto& record : records) {
        std::uint64_t hash = key_hash<K>{}(record.first, this->context().seed);
        auto& target = *targets_[partitioner_(record.first, hash)];
        target.hashes.push_back(hash);
        target.items.push_back(std::move(record));
      }
    });
  }

  std::vector<payload_ptr> take() override {
    for (auto& target : targets_)
      this->template keep_inputs<std::pair<K, V>>(*target);
    return detail::share(targets_);
  }

private:
  op_info_ptr info_;
  Partitioner partitioner_;
  std::vector<std::shared_ptr<records_payload<std::pair<K, V>>>> targets_;
};

/// Upstream half of `repartition(n)`: deals the records of each partition out in turn, so that
/// sizes differ by at most one for each upstream partition. Each upstream partition starts at
/// another target.
template <class T>
class deal_writer final : public writer_base<deal_writer<T>, T> {
public:
  explicit deal_writer(std::uint32_t partitions) : partitions_{partitions} {}

  void clear() {
    targets_.assign(partitions_, nullptr);
    for (auto& target : targets_)
      target = std::make_shared<records_payload<T>>();
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
    for (auto& target : targets_)
      this->template keep_inputs<T>(*target);
    return detail::share(targets_);
  }

private:
  std::uint32_t partitions_;
  std::uint32_t next_ = 0;
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
