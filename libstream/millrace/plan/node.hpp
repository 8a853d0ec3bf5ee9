#pragma once

#include "millrace/base/executor.hpp"
#include "millrace/base/ids.hpp"
#include "millrace/exchange/payload.hpp"
#include "millrace/op/op_info.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace millrace {

/// How a node sits in the plan. Stages are cut at exchanges; a merge (union) copies what follows it
/// into each branch.
enum class node_role { source, narrow, merge, exchange, output };

/// Runs one output operation for one batch; made once per output, called from one thread, in batch
/// order.
class output_sink {
public:
  virtual ~output_sink() = default;

  /// `slots` as an exchange_reader gets them. Throws what the user's function throws.
  virtual void run(const batch_context& context, const std::vector<payload_ptr>& slots,
                   const std::shared_ptr<parallel_executor>& executor) = 0;
};

/// One operation of a job graph: who it is to the user, and how to make its run-time parts.
///
/// Built by the user's thread before start, read-only afterwards, when several threads make
/// instances from it. The element types are known to the derived classes only; the planner sees
/// this interface.
class node {
public:
  node(node_id id, std::shared_ptr<op_info> info, std::vector<std::shared_ptr<node>> parents)
      : id_{id}, info_{std::move(info)}, parents_{std::move(parents)} {}
  virtual ~node() = default;

  node_id id() const noexcept { return id_; }
  const std::shared_ptr<op_info>& info() const noexcept { return info_; }
  const std::vector<std::shared_ptr<node>>& parents() const noexcept { return parents_; }

  virtual node_role role() const noexcept = 0;

  /// Number of partitions of an exchange's output; 0 elsewhere (sources take the default
  /// parallelism).
  virtual std::uint32_t partitions() const noexcept { return 0; }

  /// Narrow: an operator that feeds `down`.
  virtual consumer_ptr make_op(consumer_base& down) const;
  /// Source: a source_reader; exchange: an exchange_reader.
  virtual std::unique_ptr<stage_reader> make_reader(consumer_base& down) const;
  /// Exchange and output.
  virtual std::unique_ptr<exchange_writer> make_writer() const;
  /// Output.
  virtual std::unique_ptr<output_sink> make_sink() const;
  /// Any node with an element type: copies its records to several consumers.
  virtual consumer_ptr make_fan_out(const std::vector<consumer_base*>& targets) const;

private:
  node_id id_;
  std::shared_ptr<op_info> info_;
  std::vector<std::shared_ptr<node>> parents_;
};

using node_ptr = std::shared_ptr<node>;

} // namespace millrace
