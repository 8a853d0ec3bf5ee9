#include "millrace/engine/stage_chain.hpp"

#include <algorithm>
#include <span>

namespace millrace {

namespace {

/// Whether each partition of `to` gets one payload, from the same partition of `from`.
bool same_partitions(const stage& from, const stage& to) {
  return to.inputs.size() == 1 && from.partitions == to.partitions &&
         (to.inputs.front().aligned || to.partitions == 1);
}

/// The edge to the one stage that gets input from `from`, if that gets no other input.
std::optional<std::size_t> onward_edge(const job_plan& plan, const stage& from) {
  auto to_stage = [](const stage_edge& edge) { return !edge.to_output; };
  if (std::ranges::count_if(from.edges, to_stage) != 1)
    return std::nullopt;
  auto edge = std::ranges::find_if(from.edges, to_stage);
  if (!same_partitions(from, plan.stages[edge->stage.value()]))
    return std::nullopt;
  return static_cast<std::size_t>(edge - from.edges.begin());
}

} // namespace

std::vector<chain_plan> make_chains(const job_plan& plan, std::uint32_t least_partitions) {
  std::vector<chain_plan> chains;
  std::vector<bool> follows(plan.stages.size());
  // Stages come after those that feed them, so a follower is known as one before it is its turn.
  for (auto& stage : plan.stages) {
    if (follows[stage.id.value()])
      continue;
    auto& links = chains.emplace_back().links;
    for (auto* next = &stage; next;) {
      auto edge = stage.partitions >= least_partitions ? onward_edge(plan, *next) : std::nullopt;
      links.push_back({next, edge});
      next = edge ? &plan.stages[next->edges[*edge].stage.value()] : nullptr;
      if (next)
        follows[next->id.value()] = true;
    }
  }
  return chains;
}

std::uint32_t least_chained_partitions(std::uint32_t workers, std::int64_t batches_in_flight) {
  return batches_in_flight == 1 ? 1 : workers;
}

stage_chain::stage_chain(const job_plan& plan, chain_plan chain, std::uint32_t partition,
                         const stage_environment& environment)
    : plan_{plan}, chain_{std::move(chain)}, partition_{partition} {
  auto make = [&](const chain_plan::link& link) {
    return stage_instance{plan, *link.what, partition, environment};
  };
  auto& links = chain_.links;
  if (links.size() > 1 && head().inputs.empty() && head().edges.size() == 1) {
    auto second = make(links[1]);
    source_runs_along_ = second.run_with(head());
    if (!source_runs_along_)
      instances_.push_back(make(links[0]));
    instances_.push_back(std::move(second));
  }
  while (instances_.size() + source_runs_along_ < links.size())
    instances_.push_back(make(links[instances_.size() + source_runs_along_]));
}

bool stage_chain::idle(const run& batch) const {
  const std::size_t at = batch.results_.size();
  auto works_when_empty = [](auto& link) { return link.what->root->works_when_empty(); };
  return batch.input_.failure ||
         (batch.input_.input->records() == 0 &&
          std::ranges::none_of(std::span{chain_.links}.subspan(at, links_at(at)),
                               works_when_empty));
}

void stage_chain::step(run& batch, std::uint32_t max_failures) {
  std::size_t at = batch.results_.size();
  if (at == 0)
    batch.results_.reserve(chain_.links.size());
  auto time = batch.input_.input->time;
  auto& instance = instances_[at == 0 ? 0 : at - source_runs_along_];
  auto done = run_stage(instance, batch.input_, max_failures);
  batch.input_ = {};
  if (links_at(at) == 2) {
    batch.results_.push_back({{{{nullptr}}, {}}, done.failure});
    ++at;
  }
  auto& result = batch.results_.emplace_back(std::move(done));
  auto* edge = onward(at);
  if (!edge)
    return;
  auto between = std::make_shared<stage_input>();
  between->time = time;
  between->slots.resize(1);
  if (!result.failure) {
    auto& payloads =
        result.output
            .payloads[static_cast<std::size_t>(edge - chain_.links[at].what->edges.data())];
    between->slots.front() = std::move(payloads.front());
  }
  batch.input_ = {std::move(between), result.failure};
}

void stage_chain::finish(run& batch, std::uint32_t max_failures, const clock& time) {
  const auto begin = time.steady_now();
  while (!ended(batch))
    step(batch, max_failures);
  batch.busy_ += time.steady_now() - begin;
}

} // namespace millrace
