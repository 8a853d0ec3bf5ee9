#include "millrace/plan/stage_instance.hpp"

#include <algorithm>

namespace millrace {

std::size_t stage_input::records() const {
  std::size_t n = 0;
  for (auto& b : blocks)
    n += b.data->records();
  for (auto& slot : slots)
    n += slot ? slot->records() : 0;
  return n;
}

struct stage_instance::parts {
  const stage* what;
  std::uint32_t partition;
  batch_context context;
  std::vector<consumer_ptr> ops; ///< Leaves first; destroyed in reverse of their making.
  std::vector<std::unique_ptr<exchange_writer>> writers; ///< One for each edge.
  std::unique_ptr<stage_reader> reader;

  consumer_base& keep(consumer_ptr op) {
    ops.push_back(std::move(op));
    return *ops.back();
  }

  /// The consumer below `owner`: its only child, or a fan-out to all of them.
  consumer_base& below(const node& owner, const std::vector<stage_step>& steps) {
    std::vector<consumer_base*> targets;
    for (auto& step : steps)
      targets.push_back(&make(step));
    if (targets.size() == 1)
      return *targets.front();
    return keep(owner.make_fan_out(targets));
  }

  consumer_base& make(const stage_step& step) {
    if (step.leaf()) {
      auto it = std::ranges::find(what->edges, step.op, &stage_edge::target);
      return writers[static_cast<std::size_t>(it - what->edges.begin())]->lane_input(step.lane);
    }
    auto& down = below(*step.op, step.children);
    if (step.op->role() == node_role::merge)
      return down;
    return keep(step.op->make_op(down));
  }

  void read(const stage_input& input) {
    if (what->root->role() == node_role::source)
      static_cast<source_reader&>(*reader).read(context, input.blocks);
    else
      static_cast<exchange_reader&>(*reader).read(context, partition, input.slots);
  }

  stage_output absent_output() const {
    stage_output out;
    for (auto& edge : what->edges)
      out.emplace_back(edge.targets);
    return out;
  }
};

stage_instance::stage_instance(const job_plan&, const stage& what, std::uint32_t partition,
                               hash_seed seed)
    : parts_{std::make_unique<parts>()} {
  parts_->what = &what;
  parts_->partition = partition;
  parts_->context.seed = seed;
  for (auto& edge : what.edges)
    parts_->writers.push_back(edge.target->make_writer());
  parts_->reader = what.root->make_reader(parts_->below(*what.root, what.steps));
}

stage_instance::~stage_instance() = default;
stage_instance::stage_instance(stage_instance&&) noexcept = default;

result<stage_output> stage_instance::run(const std::shared_ptr<const stage_input>& input) {
  auto& p = *parts_;
  bool absent = input->absent || std::ranges::any_of(input->slots, [](auto& s) { return !s; });
  if (absent)
    return p.absent_output();
  p.context.time = input->time;
  p.context.inputs = input;
  struct release_inputs {
    batch_context& context;
    ~release_inputs() { context.inputs.reset(); }
  } release{p.context};
  try {
    for (auto& writer : p.writers)
      writer->reset(p.context);
    p.read(*input);
    stage_output out;
    for (auto& writer : p.writers)
      out.push_back(writer->take());
    return out;
  } catch (const stream_error& e) {
    return tl::unexpected{e.info()};
  } catch (const std::exception& e) {
    return fail(errc::internal,
                "stage of " + describe(*p.what->root->info()) + " failed: " + e.what());
  } catch (...) {
    return fail(errc::internal, "stage of " + describe(*p.what->root->info()) +
                                    " failed: it threw something that is not a std::exception");
  }
}

} // namespace millrace
