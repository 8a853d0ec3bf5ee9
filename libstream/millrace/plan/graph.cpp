#include "millrace/plan/graph.hpp"

#include <algorithm>
#include <ranges>

namespace millrace {

void job_graph::add(node_ptr n) {
  if (n->slide().is_zero())
    n->set_slide(n->parents().empty() ? batch_interval_ : n->parents().front()->slide());
  if (n->role() == node_role::source)
    sources_.push_back(std::static_pointer_cast<source_node>(n));
  if (n->role() == node_role::output)
    outputs_.push_back(n);
  nodes_.push_back(std::move(n));
}

void job_graph::validate() const {
  if (outputs_.empty())
    throw stream_error{
        errc::illegal_state,
        "No output operations registered, so nothing to execute: end a stream with print(), "
        "for_each_batch(f) or collect_into(v)"};
}

namespace {
/// The nodes that an output needs; others are never computed.
std::vector<bool> needed_nodes(const job_graph& graph) {
  std::vector<bool> needed(graph.nodes().size(), false);
  for (auto& n : std::views::reverse(graph.nodes())) {
    auto id = n->id().value();
    needed[id] = needed[id] || n->role() == node_role::output;
    if (needed[id])
      for (auto& parent : n->parents())
        needed[parent->id().value()] = true;
  }
  return needed;
}
} // namespace

result<std::vector<bool>> absent_nodes(const job_graph& graph, const std::vector<stream_id>& absent,
                                       batch_time time, batch_time zero) {
  std::vector<bool> gone(graph.nodes().size(), false);
  auto needed = needed_nodes(graph);
  for (auto& n : graph.nodes()) {
    if (!needed[n->id().value()] || !n->due_at(time, zero)) {
      gone[n->id().value()] = true;
      continue;
    }
    auto is_gone = [&](const node_ptr& parent) { return gone[parent->id().value()]; };
    bool any = std::ranges::any_of(n->parents(), is_gone);
    if (n->role() == node_role::source) {
      auto stream = static_cast<const source_node&>(*n).stream();
      any = std::ranges::find(absent, stream) != absent.end();
    }
    if (auto* reason = n->needs_parents(); reason && any)
      return fail(errc::user_function_failed,
                  describe(*n->info()) + ": " + reason + " at time " + to_string(time));
    gone[n->id().value()] = any && !n->absorbs_absence();
  }
  return gone;
}

} // namespace millrace
