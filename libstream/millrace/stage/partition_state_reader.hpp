#pragma once

#include "millrace/chunk/batch.hpp"
#include "millrace/chunk/stored.hpp"
#include "millrace/op/send_copies.hpp"
#include "millrace/stage/scatter.hpp"

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace {

/// Downstream half of `update_state_by_partition`: hands every key of the partition to one call of
/// `f`, with the values of this batch and the state of the last, and keeps what it returns.
template <class K, class V, class OK, class S, class F, class Partitioner>
class partition_state_reader final : public exchange_reader {
  static_assert(!contains_view_v<S>,
                "a state outlives its batch and must own its text: std::string, or owned_t<S>");

public:
  using value_type = std::pair<OK, S>;
  using update = std::tuple<K, std::vector<V>, std::optional<S>>;

  partition_state_reader(op_info_ptr info, consumer<value_type>& down, F f,
                         batch<value_type> initial, Partitioner partitioner)
      : info_{std::move(info)},
        down_{down},
        f_{std::move(f)},
        initial_{std::move(initial)},
        partitioner_{std::move(partitioner)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    if (!std::exchange(initialised_, true))
      take_initial(context.seed, input.partition);
    next_.clear();
    guarded(*info_, [&] {
      for (auto&& [key, s] : std::invoke(f_, updates(context.seed, input.slots))) {
        static_assert(stored_as<decltype(key), OK> && stored_as<decltype(s), S>,
                      "the function of update_state_by_partition<S> must return pairs of the key "
                      "type and S; nothing else is converted");
        keep(as_stored<OK>(key), as_stored<S>(s), context.seed, input.partition);
      }
    });
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    send_copies<value_type>(next_, out_, down_);
    down_.close();
    down_.end();
    return true;
  }

  void commit() override { std::swap(states_, next_); }

private:
  /// A key elsewhere than its records go would be in two partitions as soon as one of them comes.
  void keep(OK key, S s, hash_seed seed, std::uint32_t partition) {
    if (auto its = partitioner_(key, key_hash<OK>{}(key, seed)); its != partition)
      throw stream_error{errc::invalid_argument,
                         "the function returned a key of partition " + std::to_string(its) +
                             " in partition " + std::to_string(partition) +
                             "; it may only return keys of the partition that it is called for"};
    next_.emplace_back(std::move(key), std::move(s));
  }

  void take_initial(hash_seed seed, std::uint32_t partition) {
    for (std::size_t p = 0; p < initial_.partitions(); ++p)
      for (auto& entry : initial_.partition(p))
        if (partitioner_(entry.first, key_hash<OK>{}(entry.first, seed)) == partition)
          states_.push_back(entry);
    initial_ = {};
  }

  std::vector<update> updates(hash_seed seed, const std::vector<payload_ptr>& slots) {
    std::vector<update> all;
    keyed_table<K, std::size_t> places{seed, key_policy::borrow};
    auto place = [&](const K& key, std::uint64_t hash) -> update& {
      auto at = places.get_or_insert(key, hash, [&] { return all.size(); });
      if (at == all.size())
        all.emplace_back(key, std::vector<V>{}, std::nullopt);
      return all[at];
    };
    for (auto& slot : slots) {
      if (!slot)
        continue;
      auto& records = static_cast<const records_payload<std::pair<K, V>>&>(*slot);
      for (std::size_t i = 0; i < records.items.size(); ++i)
        std::get<1>(place(records.items[i].first, records.hashes[i]))
            .push_back(records.items[i].second);
    }
    for (auto& [key, s] : states_)
      std::get<2>(place(K(key), key_hash<OK>{}(key, seed))) = s;
    return all;
  }

  op_info_ptr info_;
  consumer<value_type>& down_;
  F f_;
  batch<value_type> initial_;
  Partitioner partitioner_;
  bool initialised_ = false;
  std::vector<value_type> states_; ///< After the last committed batch.
  std::vector<value_type> next_;
  chunk_buffer<value_type> out_;
};

} // namespace millrace
