#include "millrace/plan/graph.hpp"

#include "millrace/plan/operator_uid.hpp"

#include <algorithm>

namespace millrace {

void job_graph::add(node_ptr n) {
  if (n->slide().is_zero())
    n->set_slide(n->parents().empty() ? batch_interval_ : n->parents().front()->slide());
  if (n->role() == node_role::source)
    sources_.push_back(std::static_pointer_cast<source_node>(n));
  if (n->role() == node_role::output)
    outputs_.push_back(n);
  needed_.push_back(false);
  nodes_.push_back(std::move(n));
  if (nodes_.back()->role() == node_role::output)
    mark_needed(*nodes_.back());
}

void job_graph::mark_needed(const node& output) {
  std::vector<const node*> found{&output};
  while (!found.empty()) {
    auto* n = found.back();
    found.pop_back();
    if (needed_[n->id().value()])
      continue;
    needed_[n->id().value()] = true;
    for (auto& parent : n->parents())
      found.push_back(parent.get());
  }
}

void job_graph::validate() const {
  if (outputs_.empty())
    throw stream_error{
        errc::illegal_state,
        "No output operations registered, so nothing to execute: end a stream with print(), "
        "for_each_batch(f) or collect_into(v)"};
  check_names(*this);
}

result<std::vector<bool>> absent_nodes(const job_graph& graph, const std::vector<stream_id>& absent,
                                       batch_time time, batch_time zero) {
  std::vector<bool> gone(graph.nodes().size(), false);
  for (auto& n : graph.nodes()) {
    if (!graph.needed(n->id()) || !n->due_at(time, zero)) {
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
