#include "millrace/plan/graph.hpp"

#include <algorithm>

namespace millrace {

void job_graph::add(node_ptr n) {
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

result<std::vector<bool>> absent_nodes(const job_graph& graph, const std::vector<stream_id>& absent,
                                       batch_time time) {
  std::vector<bool> gone(graph.nodes().size(), false);
  for (auto& n : graph.nodes()) {
    auto is_gone = [&](const node_ptr& parent) { return gone[parent->id().value()]; };
    bool any = std::ranges::any_of(n->parents(), is_gone);
    if (n->role() == node_role::source) {
      auto stream = static_cast<const source_node&>(*n).stream();
      any = std::ranges::find(absent, stream) != absent.end();
    }
    if (n->role() == node_role::merge && any)
      return fail(errc::user_function_failed, "Could not generate a batch from a parent of " +
                                                  describe(*n->info()) + " for unifying at time " +
                                                  to_string(time));
    gone[n->id().value()] = any;
  }
  return gone;
}

} // namespace millrace
