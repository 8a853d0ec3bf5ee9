#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/stage_runner.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace {

/// A stage and those that run right after it in the same task, partition by partition: each
/// follower gets all of its input from the same partition of the stage before, which feeds no other
/// stage. So what lies between them needs no message, no gate and no other thread ("operator
/// chaining" of Flink).
struct chain_plan {
  struct link {
    const stage* what;
    /// The edge of `what` that leads to the next link; of the last link none.
    std::optional<std::size_t> onward;
  };
  std::vector<link> links; ///< At least one.

  const stage& head() const { return *links.front().what; }
};

/// Every stage of the plan, which must outlive the result, in one chain; in the order of the heads.
/// Stages of fewer than `least_partitions` partitions stay on their own: together they could work
/// on several batches at a time.
std::vector<chain_plan> make_chains(const job_plan& plan, std::uint32_t least_partitions);

/// The `least_partitions` of a job: stages that keep all its workers busy, or that only ever work
/// on one batch, gain nothing by running on their own.
std::uint32_t least_chained_partitions(std::uint32_t workers, std::int64_t batches_in_flight);

/// One partition of a chain. Single-owner: one thread at a time.
class stage_chain {
public:
  /// `plan` must outlive it.
  stage_chain(const job_plan& plan, chain_plan chain, std::uint32_t partition,
              const stage_environment& environment);

  const stage& head() const { return chain_.head(); }

  /// What a batch makes of the chain so far.
  class run {
  public:
    explicit run(input_gate::ready input)
        : input_{std::move(input)}, records_{input_.input->records()} {}

    /// Of the input of the first link.
    std::size_t records() const noexcept { return records_; }

    /// How long `finish` has taken.
    std::chrono::steady_clock::duration busy() const noexcept { return busy_; }

  private:
    friend class stage_chain;
    input_gate::ready input_; ///< Of the next link.
    std::vector<stage_result> results_;
    std::size_t records_;
    std::chrono::steady_clock::duration busy_{};
  };

  bool ended(const run& batch) const { return batch.results_.size() == chain_.links.size(); }

  /// Whether the next step of the batch has nothing to compute: it has failed before, or there are
  /// no records and its stages need some.
  bool idle(const run& batch) const;

  /// Runs the next stage (`run_stage`), or the first two if they run as one; not after the end.
  /// Stages run for batches in their order.
  void step(run& batch, std::uint32_t max_failures);

  /// Every step that is left, timed.
  void finish(run& batch, std::uint32_t max_failures, const clock& time);

  /// Calls `send(edge, target, slot, what)` once for each partition that the batch's results go to
  /// (`millrace::route`), stages in order. After the end, once.
  template <class Send>
  void route(run& batch, Send send) const {
    for (std::size_t i = 0; i < chain_.links.size(); ++i)
      millrace::route(plan_, *chain_.links[i].what, partition_, batch.results_[i],
                      [&](const stage_edge& edge, std::uint32_t target, std::uint32_t slot,
                          slot_delivery what) {
                        if (&edge != onward(i))
                          send(edge, target, slot, std::move(what));
                      });
  }

private:
  /// How many links run as one from `link` on.
  std::size_t links_at(std::size_t link) const { return source_runs_along_ && link == 0 ? 2 : 1; }

  const stage_edge* onward(std::size_t link) const {
    auto& [what, edge] = chain_.links[link];
    return edge ? &what->edges[*edge] : nullptr;
  }

  const job_plan& plan_;
  chain_plan chain_;
  std::uint32_t partition_;
  /// The first two links run as one, without payloads between them.
  bool source_runs_along_ = false;
  std::vector<stage_instance> instances_; ///< One for each link that does not run along.
};

} // namespace millrace
