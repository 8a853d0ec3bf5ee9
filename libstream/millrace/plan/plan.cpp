#include "millrace/plan/plan.hpp"

#include <algorithm>
#include <map>

namespace millrace {

namespace {

bool ends_stage(const node& n) {
  return n.role() == node_role::exchange || n.role() == node_role::output;
}

bool starts_stage(const node& n) {
  return n.role() == node_role::source || n.role() == node_role::exchange;
}

/// Ways through unions to one exchange or output. Each is a copy of the operators on it, and unions
/// of unions multiply.
constexpr std::uint32_t max_ways = 4096;

/// A step of a way through unions: which parent of `op` it came from tells `union(s, s)` apart.
struct hop {
  const node* op;
  std::size_t parent_slot;
};

/// Inserts the way `hops` (first below the root, last the ending node) into the tree, sharing equal
/// prefixes.
struct tree_node {
  hop key;
  std::uint32_t lane = 0;
  std::vector<tree_node> children;
};

void insert(std::vector<tree_node>& level, std::vector<hop>::const_reverse_iterator at,
            std::vector<hop>::const_reverse_iterator last, std::uint32_t lane) {
  auto same = [&](const tree_node& n) {
    return n.key.op == at->op && n.key.parent_slot == at->parent_slot;
  };
  bool is_end = at + 1 == last;
  auto it = is_end ? level.end() : std::ranges::find_if(level, same);
  if (it == level.end()) {
    level.push_back({*at, lane, {}});
    it = level.end() - 1;
  }
  if (!is_end)
    insert(it->children, at + 1, last, lane);
}

stage_step to_step(const tree_node& n) {
  stage_step step{n.key.op, static_cast<std::uint32_t>(n.key.parent_slot), n.lane, {}};
  for (auto& child : n.children)
    step.children.push_back(to_step(child));
  return step;
}

class planner {
public:
  planner(std::shared_ptr<const job_graph> graph, std::uint32_t parallelism)
      : parallelism_{std::max<std::uint32_t>(parallelism, 1)} {
    plan_.graph = std::move(graph);
  }

  job_plan run() {
    for (auto& output : plan_.graph->outputs())
      end_at(*output);
    number_stages();
    make_edges();
    return std::move(plan_);
  }

private:
  /// Walks every way upwards from an ending node; lanes are numbered in the order of the walk, left
  /// parent first.
  void end_at(const node& end) {
    if (std::ranges::find(ends_, &end) != ends_.end())
      return;
    for (std::size_t parent = 0; parent < end.parents().size(); ++parent) {
      std::uint32_t lane = 0;
      std::vector<hop> way{{&end, parent}};
      walk(*end.parents()[parent], way, lane);
    }
    ends_.push_back(&end);
  }

  void walk(const node& at, std::vector<hop>& way, std::uint32_t& lane) {
    if (starts_stage(at)) {
      if (at.role() == node_role::exchange)
        end_at(at);
      if (lane == max_ways)
        throw stream_error{errc::limit_exceeded, describe(*way.front().op->info()) +
                                                     ": the unions above it lead to it in more "
                                                     "than " +
                                                     std::to_string(max_ways) +
                                                     " ways; at most as many are allowed"};
      insert(trees_[&at], way.rbegin(), way.rend(), lane++);
      return;
    }
    for (std::size_t i = 0; i < at.parents().size(); ++i) {
      way.push_back({&at, i});
      walk(*at.parents()[i], way, lane);
      way.pop_back();
    }
  }

  /// Sources first, then exchanges in the order in which their upstream was completed: `ends_` is
  /// topological.
  void number_stages() {
    for (auto& source : plan_.graph->sources())
      if (trees_.contains(source.get()))
        add_stage(*source, parallelism_);
    for (auto* end : ends_)
      if (end->role() == node_role::exchange)
        add_stage(*end, end->partitions() != 0 ? end->partitions() : widest_parent(*end));
  }

  std::uint32_t widest_parent(const node& end) const {
    std::uint32_t most = 1;
    for (auto& s : plan_.stages)
      if (std::ranges::any_of(s.steps, [&](auto& step) { return leads_to(step, end); }))
        most = std::max(most, s.partitions);
    return most;
  }

  static bool leads_to(const stage_step& step, const node& end) {
    return step.op == &end ||
           std::ranges::any_of(step.children, [&](auto& child) { return leads_to(child, end); });
  }

  void add_stage(const node& root, std::uint32_t partitions) {
    stage s;
    s.id = stage_id{static_cast<std::uint32_t>(plan_.stages.size())};
    s.root = &root;
    s.partitions = partitions;
    for (auto& top : trees_[&root])
      s.steps.push_back(to_step(top));
    numbers_[&root] = s.id;
    plan_.stages.push_back(std::move(s));
  }

  void make_edges() {
    for (std::uint32_t i = 0; i < plan_.graph->outputs().size(); ++i)
      plan_.outputs.push_back({output_id{i}, plan_.graph->outputs()[i].get(), 0, {}});
    for (auto& s : plan_.stages) {
      for (auto& step : s.steps)
        add_edges(s, step);
    }
  }

  void add_edges(stage& s, const stage_step& step) {
    for (auto& child : step.children)
      add_edges(s, child);
    if (!ends_stage(*step.op) || !step.children.empty())
      return;
    auto same = [&](const stage_edge& e) { return e.target == step.op && e.parent == step.parent; };
    if (std::ranges::any_of(s.edges, same))
      return;
    stage_edge edge;
    edge.target = step.op;
    edge.parent = step.parent;
    edge.to_output = step.op->role() == node_role::output;
    if (edge.to_output) {
      auto it = std::ranges::find(plan_.outputs, step.op, &output_plan::op);
      edge.output = it->id;
      edge.group = static_cast<std::uint32_t>(it->inputs.size());
      it->inputs.push_back({0, s.partitions, false});
      it->slots += s.partitions;
    } else {
      auto& target = plan_.stages[numbers_.at(step.op).value()];
      edge.stage = target.id;
      edge.targets = target.partitions;
      edge.aligned = step.op->aligned(step.parent);
      edge.group = static_cast<std::uint32_t>(target.inputs.size());
      target.inputs.push_back({step.parent, s.partitions, edge.aligned});
    }
    s.edges.push_back(edge);
  }

  std::uint32_t parallelism_;
  job_plan plan_;
  std::vector<const node*> ends_;
  std::map<const node*, std::vector<tree_node>> trees_;
  std::map<const node*, stage_id> numbers_;
};

} // namespace

bool stage_step::leaf() const noexcept { return children.empty(); }

std::uint32_t stage::slots_in(std::uint32_t partition) const noexcept {
  std::uint32_t n = 0;
  for (auto& group : inputs)
    n += group.slots_in(partition);
  return n;
}

std::uint32_t job_plan::slot_of(const stage_edge& edge, std::uint32_t partition,
                                std::uint32_t target) const {
  auto& groups =
      edge.to_output ? outputs[edge.output.value()].inputs : stages[edge.stage.value()].inputs;
  std::uint32_t slot = edge.aligned ? 0 : partition;
  for (std::uint32_t g = 0; g < edge.group; ++g)
    slot += groups[g].slots_in(target);
  return slot;
}

std::vector<stage_id> job_plan::source_stages(stream_id stream) const {
  std::vector<stage_id> out;
  for (auto& s : stages)
    if (auto* source = dynamic_cast<const source_node*>(s.root);
        source && source->stream() == stream)
      out.push_back(s.id);
  return out;
}

job_plan make_plan(std::shared_ptr<const job_graph> graph, std::uint32_t parallelism) {
  return planner{std::move(graph), parallelism}.run();
}

} // namespace millrace
