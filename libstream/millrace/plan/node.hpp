#pragma once

#include "millrace/base/executor.hpp"
#include "millrace/base/ids.hpp"
#include "millrace/base/time.hpp"
#include "millrace/op/op_info.hpp"
#include "millrace/persist/storage_level.hpp"
#include "millrace/plan/failure_policy.hpp"
#include "millrace/stage/partitioner.hpp"
#include "millrace/stage/payload.hpp"

#include <memory>
#include <optional>
#include <string>
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
  using part = output_sink;
  virtual ~output_sink() = default;

  /// `slots` as an exchange_reader gets them. Throws what the user's function throws.
  virtual void run(const batch_context& context, const std::vector<payload_ptr>& slots,
                   const std::shared_ptr<parallel_executor>& executor) = 0;
};

/// What a user has asked of a stream beside its operation; before start.
struct stream_settings {
  storage_level level;                ///< Of its batches that are kept.
  duration remember{0};               ///< How long its batches are kept for `slice`, at least.
  duration window{0};                 ///< How far back it reaches into its parents' batches.
  std::optional<duration> checkpoint; ///< How often its state is to be written.
  duration default_checkpoint{0};     ///< The same if the user says nothing; zero: it has no state.
  std::shared_ptr<void> kept;         ///< The store of its batches, if they are kept.
  std::uint32_t state_version = 1;    ///< Of what its state means, as far as types do not tell.
  /// Of an output: what follows when it fails for good; nothing: what the job says.
  std::optional<failure_policy> on_failure;
  /// The operation of which this one is an inner part, so that its name stands for both.
  std::shared_ptr<const op_info> part_of;
};

/// One operation of a job graph: who it is to the user, and how to make its run-time parts.
///
/// Built by the user's thread before start, read-only afterwards, when several threads make
/// instances from it. The element types are known to the derived classes only; the planner sees
/// this interface.
class node {
public:
  using part = node;
  node(node_id id, std::shared_ptr<op_info> info, std::vector<std::shared_ptr<node>> parents);
  node(node_id id, std::shared_ptr<op_info> info, std::shared_ptr<node> only_parent);
  node(const node&) = delete;
  node& operator=(const node&) = delete;
  virtual ~node();

  node_id id() const noexcept { return id_; }
  const std::shared_ptr<op_info>& info() const noexcept { return info_; }
  const std::vector<std::shared_ptr<node>>& parents() const noexcept { return parents_; }

  virtual node_role role() const noexcept = 0;

  /// The distance between the batches of this stream: a multiple of the batch interval. Set when
  /// the node joins its graph: that of the first parent, unless it has been set before.
  duration slide() const noexcept { return slide_; }
  void set_slide(duration d) noexcept { slide_ = d; }
  /// Whether the stream has a batch at `time`, apart from inputs that have none.
  bool due_at(batch_time time, batch_time zero) const noexcept;

  stream_settings& settings() noexcept { return settings_; }
  const stream_settings& settings() const noexcept { return settings_; }

  /// Where equal keys are; nothing known by default.
  const partitioning& partitioned() const noexcept { return partitioned_; }
  void set_partitioned(partitioning p) { partitioned_ = std::move(p); }

  /// Number of partitions of an exchange's output; 0: as many as its widest parent has. 0
  /// elsewhere (sources take the default parallelism).
  virtual std::uint32_t partitions() const noexcept { return 0; }
  /// Exchange: whether partition p of this parent goes to partition p, instead of each to all.
  virtual bool aligned(std::size_t parent) const noexcept;
  /// Exchange: the stream has a batch at each of its times, also when a parent has none.
  virtual bool absorbs_absence() const noexcept { return false; }
  /// Exchange: a batch without new records can mean much work, such as emitting a whole window.
  virtual bool works_when_empty() const noexcept { return false; }
  /// Exchange: it keeps something from batch to batch that a restart has to bring back.
  virtual bool keeps_state() const noexcept { return false; }
  /// The type of the stream's records by the name that lasts, `type_name_of`; of an output: of what
  /// it is given. Where records and state share a stream: that of the keys and states.
  virtual std::string element_type() const;
  /// What a user is told when a parent has no batch at a time at which this needs one; null: then
  /// there is none here either.
  virtual const char* needs_parents() const noexcept { return nullptr; }

  /// Narrow: an operator that feeds `down`.
  virtual consumer_ptr make_op(consumer_base& down) const;
  /// Source: a source_reader; exchange: an exchange_reader.
  virtual std::unique_ptr<stage_reader> make_reader(consumer_base& down) const;
  /// Exchange and output: what ends the stages of this parent.
  virtual std::unique_ptr<exchange_writer> make_writer(std::size_t parent) const;
  /// Output.
  virtual std::unique_ptr<output_sink> make_sink() const;
  /// Any node with an element type: copies its records to several consumers.
  virtual consumer_ptr make_fan_out(const std::vector<consumer_base*>& targets) const;

private:
  node_id id_;
  std::shared_ptr<op_info> info_;
  std::vector<std::shared_ptr<node>> parents_;
  duration slide_{0};
  partitioning partitioned_;
  stream_settings settings_;
};

using node_ptr = std::shared_ptr<node>;

} // namespace millrace
