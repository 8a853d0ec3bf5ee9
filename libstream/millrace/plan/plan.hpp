#pragma once

#include "millrace/plan/graph.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

/// A place in a stage where an operator hangs. The same node appears once for each way that leads
/// to it through unions.
struct stage_step {
  const node* op =
      nullptr; ///< Narrow, merge, or (at a leaf) the exchange or output that ends the way.
  std::uint32_t parent = 0;         ///< Which parent of `op` the way comes from.
  std::uint32_t lane = 0;           ///< Leaves only: the lane of that parent which this way feeds.
  std::vector<stage_step> children; ///< Empty at a leaf.
  bool leaf() const noexcept;
};

/// The payloads that the partitions of one upstream stage send to each partition of an exchange, or
/// to an output.
struct slot_group {
  std::uint32_t parent = 0;   ///< Of the exchange.
  std::uint32_t upstream = 0; ///< Partitions of the upstream stage.
  bool aligned = false;       ///< Partition p sends to partition p only.

  [[nodiscard]] std::uint32_t slots_in(std::uint32_t target) const noexcept {
    return aligned ? (target < upstream ? 1 : 0) : upstream;
  }
};

/// Where the payloads of a stage go: to partitions of a later stage, or to an output.
struct stage_edge {
  const node* target = nullptr;
  std::uint32_t parent = 0; ///< Which parent of the target this is.
  bool to_output = false;
  stage_id stage;            ///< Target stage, when not to an output.
  output_id output;          ///< Target output, when to an output.
  std::uint32_t targets = 1; ///< Partitions of the target.
  std::uint32_t group = 0;   ///< Of the target's inputs.
  bool aligned = false;      ///< One payload, for the target partition of the same number.

  /// How many payloads one partition sends.
  [[nodiscard]] std::uint32_t fan_out() const noexcept { return aligned ? 1 : targets; }
};

/// A part of the job between exchanges: one reader, a tree of fused narrow operators, and writers
/// at its ends.
struct stage {
  stage_id id;
  const node* root = nullptr; ///< Source or exchange.
  std::uint32_t partitions = 1;
  std::vector<slot_group> inputs; ///< Empty for a source stage.
  std::vector<stage_step> steps;  ///< Children of the root.
  std::vector<stage_edge> edges;

  /// Payloads that make the input of one partition complete; 0 for a source stage.
  [[nodiscard]] std::uint32_t slots_in(std::uint32_t partition) const noexcept;
};

/// An output and the number of payloads that make one batch of it complete.
struct output_plan {
  output_id id;
  const node* op = nullptr;
  std::uint32_t slots = 0;
  std::vector<slot_group> inputs;
};

/// The static plan of a job: stages in an order in which every stage comes after those that feed
/// it.
///
/// Immutable; shared by all threads of a runtime. Owns the graph that its nodes belong to.
struct job_plan {
  std::shared_ptr<const job_graph> graph;
  std::vector<stage> stages;
  std::vector<output_plan> outputs;

  /// Stages whose root is a source, by stream.
  std::vector<stage_id> source_stages(stream_id stream) const;

  /// The slot, in partition `target` of the edge's target, of what `partition` sends there.
  std::uint32_t slot_of(const stage_edge& edge, std::uint32_t partition,
                        std::uint32_t target) const;
};

/// Cuts the graph into stages at its exchanges. Streams that lead to no output are not planned.
/// `parallelism` is the number of partitions of each source stage, at least 1. Throws
/// limit_exceeded when unions of unions lead to an exchange or output in more than 4,096 ways.
job_plan make_plan(std::shared_ptr<const job_graph> graph, std::uint32_t parallelism);

} // namespace millrace
