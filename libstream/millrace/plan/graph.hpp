#pragma once

#include "millrace/plan/source_node.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace {

/// The operations of a job as the user wrote them. Built by one thread before start; frozen and
/// shared afterwards.
class job_graph {
public:
  explicit job_graph(duration batch_interval = duration{0}) : batch_interval_{batch_interval} {}

  /// Takes part in ids and messages: who the next operation is.
  node_id next_id() const noexcept { return node_id{static_cast<std::uint32_t>(nodes_.size())}; }
  stream_id next_stream() const noexcept {
    return stream_id{static_cast<std::uint32_t>(sources_.size())};
  }

  /// Settles the slide of the node, if it is not set: that of its first parent, or the batch
  /// interval.
  void add(node_ptr n);

  const std::vector<node_ptr>& nodes() const noexcept { return nodes_; }
  const std::vector<std::shared_ptr<source_node>>& sources() const noexcept { return sources_; }
  /// Output operations in the order of registration, which is the order in which they run.
  const std::vector<node_ptr>& outputs() const noexcept { return outputs_; }

  /// Checks that can only be made when the graph is complete; throws stream_error naming the
  /// operation and its place.
  void validate() const;

  /// Whether an output needs this node; others are never computed.
  bool needed(node_id id) const { return needed_[id.value()]; }

private:
  void mark_needed(const node& output);

  duration batch_interval_;
  std::vector<node_ptr> nodes_;
  std::vector<bool> needed_; ///< For each node.
  std::vector<std::shared_ptr<source_node>> sources_;
  std::vector<node_ptr> outputs_;
};

/// Which streams and outputs have no batch at a time: it is not one of theirs, or some sources have
/// none. An operation on an absent stream is absent, unless it absorbs absence; an operation that
/// needs its parents, such as a union, makes an error that names it (Spark: "Could not generate RDD
/// from a parent for unifying"). Streams that no output needs are never computed and count as
/// absent.
result<std::vector<bool>> absent_nodes(const job_graph& graph, const std::vector<stream_id>& absent,
                                       batch_time time, batch_time zero);

} // namespace millrace
