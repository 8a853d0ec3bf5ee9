#include "millrace/engine/explain/plan_facts.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

/// Writes JSON, two spaces for each level. Members come in the order of the calls; in an array
/// `key` is empty.
class json_writer {
public:
  void open(std::string_view key, char bracket) {
    begin(key);
    out_ += bracket;
    first_ = true;
    ++depth_;
  }

  void close(char bracket) {
    --depth_;
    if (!first_)
      new_line();
    out_ += bracket;
    first_ = false;
  }

  void add(std::string_view key, std::string_view text) {
    begin(key);
    quote(text);
  }

  void add(std::string_view key, std::int64_t number) {
    begin(key);
    out_ += std::to_string(number);
  }

  void add(std::string_view key, bool flag) {
    begin(key);
    out_ += flag ? "true" : "false";
  }

  std::string take() { return std::move(out_) + "\n"; }

private:
  void begin(std::string_view key) {
    if (depth_ > 0) {
      if (!first_)
        out_ += ',';
      new_line();
    }
    first_ = false;
    if (key.empty())
      return;
    quote(key);
    out_ += ": ";
  }

  void new_line() {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  void quote(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\')
        out_ += '\\';
      if (static_cast<unsigned char>(c) < 0x20)
        out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      else
        out_ += c;
    }
    out_ += '"';
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool first_ = true;
};

/// Writes one plan; made for one call.
class plan_writer {
public:
  explicit plan_writer(const plan_facts& facts) : facts_{facts} {}

  std::string run() {
    auto& job = facts_.job();
    out_.open("", '{');
    out_.add("job", job.name);
    out_.add("batch_interval_ms", job.batch_interval.ms());
    out_.add("fingerprint", facts_.fingerprint());
    out_.open("stages", '[');
    for (auto& s : facts_.plan().stages)
      write(s);
    out_.close(']');
    out_.open("outputs", '[');
    for (auto& o : facts_.plan().outputs) {
      out_.open("", '{');
      out_.add("output", std::int64_t{o.id.value()});
      describe(*o.op);
      out_.close('}');
    }
    out_.close(']');
    out_.open("tasks", '[');
    for (auto& chain : facts_.chains()) {
      out_.open("", '[');
      for (auto& link : chain.links)
        out_.add("", std::int64_t{link.what->id.value()});
      out_.close(']');
    }
    out_.close(']');
    out_.close('}');
    return out_.take();
  }

private:
  void write(const stage& s) {
    out_.open("", '{');
    out_.add("stage", std::int64_t{s.id.value()});
    out_.add("partitions", std::int64_t{s.partitions});
    out_.open("root", '{');
    describe(*s.root);
    if (auto* source = dynamic_cast<const source_node*>(s.root)) {
      out_.add("stream", std::int64_t{source->stream().value()});
      out_.add("source", source_kind(*source));
    }
    out_.close('}');
    steps(s.steps);
    out_.open("edges", '[');
    for (auto& edge : s.edges)
      write(edge);
    out_.close(']');
    out_.close('}');
  }

  void steps(const std::vector<stage_step>& all) {
    out_.open("steps", '[');
    for (auto& step : all) {
      out_.open("", '{');
      if (step.leaf()) {
        out_.add("ends_at", facts_.uid(*step.op));
      } else {
        describe(*step.op);
        steps(step.children);
      }
      out_.close('}');
    }
    out_.close(']');
  }

  void write(const stage_edge& edge) {
    out_.open("", '{');
    out_.add("to", facts_.uid(*edge.target));
    if (edge.to_output) {
      out_.add("output", std::int64_t{edge.output.value()});
    } else {
      out_.add("stage", std::int64_t{edge.stage.value()});
      out_.add("partitions", std::int64_t{edge.targets});
      out_.add("aligned", edge.aligned);
    }
    out_.close('}');
  }

  void describe(const node& n) {
    auto& settings = n.settings();
    out_.add("operation", n.info()->operation);
    if (!n.info()->name.empty())
      out_.add("name", n.info()->name);
    if (!facts_.uid(n).empty())
      out_.add("uid", facts_.uid(n));
    out_.add("elements", n.element_type());
    out_.add("place", to_string(n.info()->site));
    out_.add("slide_ms", n.slide().ms());
    if (n.keeps_state())
      out_.add("state", to_string(schema_of(n)));
    if (settings.checkpoint)
      out_.add("checkpoint_ms", settings.checkpoint->ms());
    if (settings.level.is_kept())
      out_.add("storage", to_string(settings.level));
    if (settings.kept)
      out_.add("remember_ms", settings.remember.ms());
  }

  const plan_facts& facts_;
  json_writer out_;
};

} // namespace

std::string explain_as_json(const plan_facts& facts) { return plan_writer{facts}.run(); }

} // namespace millrace
