#pragma once

#include "millrace/eventtime/timestamped.hpp"
#include "millrace/eventtime/watermark.hpp"
#include "millrace/op/op.hpp"
#include "millrace/stage/partitioner.hpp"
#include "millrace/stage/records_payload.hpp"
#include "millrace/stage/writer_base.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace {

/// Records with event times for one target, with their key hashes; and, for every target alike, the
/// greatest event time that the upstream partition has seen in this batch.
template <class K, class V>
class event_payload final : public records_payload<timestamped<std::pair<K, V>>> {
public:
  std::optional<event_time> greatest;
};

/// Upstream half of the keyed operations on event time: each record goes to the partition of its
/// key, the event times go to all.
template <class K, class V, class Partitioner>
class event_writer final
    : public writer_base<event_writer<K, V, Partitioner>, timestamped<std::pair<K, V>>> {
  using record = timestamped<std::pair<K, V>>;

public:
  event_writer(op_info_ptr info, Partitioner partitioner, watermark_options options)
      : info_{std::move(info)},
        partitioner_{std::move(partitioner)},
        options_{options},
        payloads_{payloads_kept(partitioner_.partitions)} {}

  void clear() {
    targets_.assign(partitioner_.partitions, nullptr);
    for (auto& target : targets_)
      target = payloads_.get();
    seen_ = watermark{options_};
    seen_.begin(this->context().time);
  }

  void write(partition_order, std::span<record> records) {
    guarded(*info_, [&] {
      for (auto& r : records) {
        seen_.observe(r.time);
        std::uint64_t hash = key_hash<K>{}(r.value.first, this->context().seed);
        auto& target = *targets_[target_of(partitioner_, r.value.first, hash)];
        target.hashes.push_back(hash);
        target.items.push_back(std::move(r));
      }
    });
  }

  std::vector<payload_ptr> take() override {
    for (auto& target : targets_) {
      target->greatest = seen_.greatest();
      this->template keep_inputs<record>(*target);
      target->trim();
    }
    return share_targets(targets_);
  }

private:
  op_info_ptr info_;
  Partitioner partitioner_;
  watermark_options options_;
  watermark seen_;
  payload_pool<event_payload<K, V>> payloads_;
  std::vector<std::shared_ptr<event_payload<K, V>>> targets_;
};

} // namespace millrace
