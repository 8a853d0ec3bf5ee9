#pragma once

#include "millrace/block/block_ref.hpp"
#include "millrace/op/task_frame.hpp"
#include "millrace/plan/plan.hpp"
#include "millrace/stage/source_reader.hpp"

#include <memory>
#include <vector>

namespace millrace {

/// Everything one stage partition needs for one batch. Kept, unchanged, until the batch is done
/// there, so that a failed attempt can be repeated.
struct stage_input {
  batch_time time;
  bool absent = false;            ///< Source stages: the stream has no batch at this time.
  std::vector<block_ref> blocks;  ///< Source stages.
  std::vector<payload_ptr> slots; ///< Other stages: one for each slot.

  std::size_t records() const;
};

/// What one attempt of a stage partition has made.
struct stage_output {
  /// For each edge of the stage, one payload for each target; null payloads where the stream is
  /// absent.
  std::vector<std::vector<payload_ptr>> payloads;
  /// Counts when who gets this says so.
  task_additions additions;
};

/// What every stage of a job is told at its start.
struct stage_environment {
  stage_environment(hash_seed s = {}, batch_time z = {},
                    std::shared_ptr<parallel_executor> e = nullptr)
      : seed{s}, zero{z}, executor{std::move(e)} {}

  hash_seed seed;
  batch_time zero;
  std::shared_ptr<parallel_executor> executor;
  /// Outlives the stages; null where blocks are nowhere but in their references.
  const block_source* blocks = nullptr;
};

/// One partition of a stage with its own operators: the unit of parallel work.
///
/// Single-owner: one thread at a time. Keeps buffers between batches, and what its root keeps: the
/// batches of a window, the state of its keys. A failed `run` leaves that as it was, so it may be
/// called again with the same input.
class stage_instance {
public:
  stage_instance(const job_plan& plan, const stage& what, std::uint32_t partition,
                 stage_environment environment);
  ~stage_instance();
  stage_instance(stage_instance&&) noexcept;

  /// Runs the partition of the same number of `source` too from now on, without payloads between:
  /// `run` takes the input of that. Both are one task: an attempt of one is one of the other, and
  /// neither leaves a trace when the other fails. `source` is a source stage with one edge, which
  /// leads here, and this is a stage with one slot. False, and nothing is changed, if the root
  /// needs its input as a whole. Before the first `run`.
  bool run_with(const stage& source);

  /// Runs the fused pipeline over the input. Fails with user_function_failed (naming operator and
  /// place) when user code throws, and with the code of any stream_error from below. On success the
  /// root has taken the batch over for good, and nothing can fail any more.
  result<stage_output> run(const std::shared_ptr<const stage_input>& input);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace millrace
