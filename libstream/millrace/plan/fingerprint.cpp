#include "millrace/plan/fingerprint.hpp"

#include "millrace/plan/stable_hash.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

void add_steps(std::string& to, const std::vector<stage_step>& steps, std::size_t depth) {
  for (auto& step : steps) {
    auto& who = *step.op->info();
    to += fmt::format("{:{}}step {} {} {} {}\n", "", depth, who.name,
                      to_string(schema_of(*step.op)), step.parent, step.lane);
    add_steps(to, step.children, depth + 1);
  }
}

void add_edge(std::string& to, const stage_edge& edge) {
  if (edge.to_output)
    to += fmt::format(" edge output {} group {}\n", edge.output.value(), edge.group);
  else
    to += fmt::format(" edge stage {} parent {} group {} partitions {} {}\n", edge.stage.value(),
                      edge.parent, edge.group, edge.targets,
                      edge.aligned ? "aligned" : "each to each");
}

} // namespace

std::string fingerprint_text(const job_plan& plan, const operator_uids& uids) {
  std::string text;
  for (auto& s : plan.stages) {
    text +=
        fmt::format("stage {} {} {} partitions {} slide {} ms\n", s.id.value(), uids.of(*s.root),
                    to_string(schema_of(*s.root)), s.partitions, s.root->slide().ms());
    add_steps(text, s.steps, 1);
    for (auto& edge : s.edges)
      add_edge(text, edge);
  }
  for (auto& o : plan.outputs)
    text += fmt::format("output {} {} {} slots {}\n", o.id.value(), uids.of(*o.op),
                        to_string(schema_of(*o.op)), o.slots);
  return text;
}

std::uint64_t fingerprint(const job_plan& plan, const operator_uids& uids) {
  return stable_hash{}.add(fingerprint_text(plan, uids)).value();
}

} // namespace millrace
