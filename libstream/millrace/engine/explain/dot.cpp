#include "millrace/engine/explain/plan_facts.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

/// As the inside of a quoted string; new lines stay ones.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out;
}

/// Writes one plan; made for one call.
class dot_writer {
public:
  explicit dot_writer(const plan_facts& facts) : facts_{facts} {}

  std::string run() {
    line("digraph \"{}\" {{", escaped(facts_.job().name));
    ++depth_;
    line("graph [rankdir=TB, fontname=\"Helvetica\", labeljust=l];");
    line("node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", "
         "fontsize=11];");
    line("edge [fontname=\"Helvetica\", fontsize=10];");
    for (auto& chain : facts_.chains())
      write(chain);
    for (auto& o : facts_.plan().outputs)
      line("o{} [label=\"{}\", fillcolor=lightyellow];", o.id.value(), label(*o.op));
    for (auto& edge : between_)
      line("{}", edge);
    --depth_;
    line("}}");
    return std::move(out_);
  }

private:
  template <class... Args>
  void line(fmt::format_string<Args...> form, Args&&... args) {
    out_.append(2 * depth_, ' ');
    fmt::format_to(std::back_inserter(out_), form, std::forward<Args>(args)...);
    out_ += '\n';
  }

  /// Stages that run as one task lie in one frame.
  void write(const chain_plan& chain) {
    const bool framed = chain.links.size() > 1;
    if (framed) {
      line("subgraph cluster_task_{} {{", chain.head().id.value());
      ++depth_;
      line("label=\"one task\"; style=dashed;");
    }
    for (auto& link : chain.links)
      write(*link.what);
    if (framed) {
      --depth_;
      line("}}");
    }
  }

  void write(const stage& s) {
    const auto id = s.id.value();
    line("subgraph cluster_stage_{} {{", id);
    ++depth_;
    line("label=\"stage {}, {} partition{}\"; style=filled; fillcolor=gray95;", id, s.partitions,
         s.partitions == 1 ? "" : "s");
    line("s{} [label=\"{}\", fillcolor={}];", id, label(*s.root),
         s.inputs.empty() ? "lightblue" : (s.root->keeps_state() ? "palegreen" : "white"));
    std::uint32_t steps = 0;
    for (auto& step : s.steps)
      write(s, step, fmt::format("s{}", id), steps);
    --depth_;
    line("}}");
  }

  void write(const stage& s, const stage_step& step, const std::string& from,
             std::uint32_t& steps) {
    if (step.leaf())
      return leave(s, step, from);
    const auto id = fmt::format("s{}_{}", s.id.value(), ++steps);
    line("{} [label=\"{}\"];", id, label(*step.op));
    line("{} -> {};", from, id);
    for (auto& child : step.children)
      write(s, child, id, steps);
  }

  /// Arrows out of a stage are drawn when all clusters are there: where an arrow first names a
  /// node, there the node would lie.
  void leave(const stage& s, const stage_step& step, const std::string& from) {
    for (auto& edge : s.edges) {
      if (edge.target != step.op || edge.parent != step.parent)
        continue;
      if (edge.to_output)
        between_.push_back(fmt::format("{} -> o{};", from, edge.output.value()));
      else
        between_.push_back(fmt::format(
            "{} -> s{} [label=\"{}\", style=bold];", from, edge.stage.value(),
            edge.aligned ? "same partition" : fmt::format("{} to {}", s.partitions, edge.targets)));
    }
  }

  /// Who it is, the records, what is kept, and the place, a line each.
  std::string label(const node& n) const {
    auto text = escaped(facts_.who(n)) + "\\n" + escaped(n.element_type());
    if (n.keeps_state())
      text += fmt::format("\\nstate v{}", n.settings().state_version);
    if (n.settings().level.is_kept())
      text += "\\nstored " + to_string(n.settings().level);
    return text + "\\n" + escaped(to_string(n.info()->site));
  }

  const plan_facts& facts_;
  std::string out_;
  std::size_t depth_ = 0;
  std::vector<std::string> between_;
};

} // namespace

std::string explain_as_dot(const plan_facts& facts) { return dot_writer{facts}.run(); }

} // namespace millrace
