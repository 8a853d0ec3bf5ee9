#pragma once

#include "millrace/engine/job.hpp"
#include "millrace/flow/dstream.hpp"
#include "millrace/flow/stream_context.hpp"
#include "millrace/plan/plan.hpp"
#include "millrace/plan/stage_instance.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::test {

/// Takes the graph of a context at start, and runs nothing.
class graph_catcher final : public runtime {
public:
  explicit graph_catcher(std::shared_ptr<const job_graph>& to) : to_{to} {}
  void start(job what) override { to_ = what.graph; }
  void request_stop(stop_mode) override {}
  bool wait_stopped(std::optional<std::chrono::milliseconds>) override { return true; }
  bool on_own_thread() const override { return false; }

private:
  std::shared_ptr<const job_graph>& to_;
};

/// The graph that `build(context)` writes.
template <class Build>
std::shared_ptr<const job_graph> graph_of(Build build) {
  std::shared_ptr<const job_graph> graph;
  basic_stream_context context{configuration::defaults().master("local[2]"), seconds(1),
                               std::make_unique<graph_catcher>(graph)};
  context.set_log(std::make_shared<memory_log>());
  build(context);
  context.start();
  return graph;
}

/// An input that is never asked for anything.
template <class T>
dstream<T> any_input(basic_stream_context& context) {
  return context.input_stream<T>([](batch_time) { return std::optional<batch<T>>{}; });
}

/// A plan in one line for each stage: `root/partitions[slots]: steps -> targets`. A step is its
/// operation, its children in brackets; a leaf also shows its lane.
inline std::string show(const stage_step& step) {
  std::string out = step.op->info()->operation;
  if (step.leaf())
    return out + "@" + std::to_string(step.lane);
  out += "(";
  for (auto& child : step.children)
    out += (&child == &step.children.front() ? "" : " ") + show(child);
  return out + ")";
}

inline std::string show(const job_plan& plan) {
  std::string out;
  for (auto& s : plan.stages) {
    out += s.root->info()->operation + "/" + std::to_string(s.partitions) + "[" +
           std::to_string(s.slots_in(0)) + "]:";
    for (auto& step : s.steps)
      out += " " + show(step);
    out += " ->";
    for (auto& edge : s.edges)
      out += (edge.to_output ? " out" + std::to_string(edge.output.value())
                             : " stage" + std::to_string(edge.stage.value())) +
             "+" + std::to_string(plan.slot_of(edge, 0, 0));
    out += "\n";
  }
  return out;
}

} // namespace millrace::test
