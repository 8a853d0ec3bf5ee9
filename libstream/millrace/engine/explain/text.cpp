#include "millrace/config/units.hpp"
#include "millrace/engine/explain/plan_facts.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

std::string counted(std::uint32_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

/// Writes one plan; made for one call.
class text_writer {
public:
  explicit text_writer(const plan_facts& facts) : facts_{facts} {}

  std::string run() {
    auto& job = facts_.job();
    line(0, "job \"{}\" in batches of {}, fingerprint {}", job.name,
         format_duration(job.batch_interval), facts_.fingerprint());
    line(0, "");
    for (auto& s : facts_.plan().stages)
      write(s);
    sources();
    outputs();
    tasks();
    return std::move(out_);
  }

private:
  template <class... Args>
  void line(std::size_t depth, fmt::format_string<Args...> form, Args&&... args) {
    out_.append(2 * depth, ' ');
    fmt::format_to(std::back_inserter(out_), form, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void write(const stage& s) {
    line(0, "stage {}: {}", s.id.value(), counted(s.partitions, "partition"));
    write(*s.root, 1);
    for (auto& step : s.steps)
      write(s, step, 2);
  }

  void write(const stage& s, const stage_step& step, std::size_t depth) {
    if (step.leaf())
      return leaf(s, step, depth);
    write(*step.op, depth);
    for (auto& child : step.children)
      write(s, child, depth + 1);
  }

  void write(const node& n, std::size_t depth) {
    line(depth, "{} -> {} at {}", facts_.who(n), n.element_type(), to_string(n.info()->site));
    auto& settings = n.settings();
    if (n.keeps_state())
      line(depth + 1, "| state {}", to_string(schema_of(n)));
    if (settings.checkpoint)
      line(depth + 1, "| checkpoint every {}", format_duration(*settings.checkpoint));
    if (settings.level.is_kept())
      line(depth + 1, "| stored {}", to_string(settings.level));
    if (settings.kept)
      line(depth + 1, "| remembered for {}", format_duration(settings.remember));
    if (n.slide() != facts_.job().batch_interval)
      line(depth + 1, "| every {}", format_duration(n.slide()));
  }

  void leaf(const stage& s, const stage_step& step, std::size_t depth) {
    for (auto& edge : s.edges) {
      if (edge.target != step.op || edge.parent != step.parent)
        continue;
      if (edge.to_output)
        line(depth, "=> output {}", edge.output.value());
      else
        line(depth, "=> stage {}, {}", edge.stage.value(),
             edge.aligned ? "each partition to that of its number"
                          : "each partition to " + counted(edge.targets, "partition"));
    }
  }

  void sources() {
    line(0, "\nsources");
    for (auto& s : facts_.plan().stages)
      if (auto* source = dynamic_cast<const source_node*>(s.root))
        line(1, "{}: {} at {}, {}", source->stream().value(), facts_.who(*source),
             to_string(source->info()->site), source_kind(*source));
  }

  void outputs() {
    line(0, "\noutputs, in the order in which they run");
    for (auto& o : facts_.plan().outputs)
      line(1, "{}: {} <- {} at {}", o.id.value(), facts_.who(*o.op), o.op->element_type(),
           to_string(o.op->info()->site));
  }

  void tasks() {
    line(0, "\ntasks, each for one partition of a batch");
    for (auto& chain : facts_.chains()) {
      std::string stages;
      for (auto& link : chain.links)
        stages += fmt::format("{}stage {}", stages.empty() ? "" : ", then ", link.what->id.value());
      line(1, "{}", stages);
    }
  }

  const plan_facts& facts_;
  std::string out_;
};

} // namespace

std::string explain_as_text(const plan_facts& facts) { return text_writer{facts}.run(); }

} // namespace millrace
