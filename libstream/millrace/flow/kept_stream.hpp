#pragma once

#include "millrace/flow/graph_builder.hpp"
#include "millrace/persist/retention.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <source_location>

namespace millrace {

/// The store of a stream's batches, which hangs on its node. Made when the job starts.
template <class Store>
struct kept_batches {
  std::shared_ptr<Store> batches;
  std::atomic<std::int64_t> zero_ms{not_yet}; ///< Of the job, once a batch has come.
  std::atomic<bool> wanted{true};             ///< Until `unpersist`.

  static constexpr std::int64_t not_yet = std::numeric_limits<std::int64_t>::min();

  static std::shared_ptr<kept_batches> of(const node& n) {
    return std::static_pointer_cast<kept_batches>(n.settings().kept);
  }
};

/// The steps of persistence_operations that do not know the type of the records. All throw
/// stream_error naming operation and place.

/// The node whose batches `persist` and `unpersist` of the stream are about: as in Spark that of
/// its parent if it is a window.
const node_ptr& persisted_node(const node_ptr& stream);
/// Sets the level of the stream's persisted node, which it gives.
const node_ptr& persist_at(const graph_builder& builder, const node_ptr& stream,
                           storage_level level, const std::source_location& site);
void remember_for(const graph_builder& builder, node& stream, duration span,
                  const std::source_location& site);
void checkpoint_every(const graph_builder& builder, node& stream, duration interval,
                      const std::source_location& site);
void set_state_version(const graph_builder& builder, node& stream, std::uint32_t version,
                       const std::source_location& site);
void check_slice(const graph_builder& builder, const node& stream);
/// Down to the stream's own times: a bound between two of them means the earlier one, and a
/// warning.
interval own_times(const graph_builder& builder, const node& stream, const interval& times,
                   batch_time zero);
retained_options retained_options_of(const graph_builder& builder, const node& stream);

} // namespace millrace
