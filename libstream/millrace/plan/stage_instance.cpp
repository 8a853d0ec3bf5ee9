#include "millrace/plan/stage_instance.hpp"

#include <algorithm>
#include <optional>

namespace millrace {

std::size_t stage_input::records() const {
  std::size_t n = 0;
  for (auto& b : blocks)
    n += b.records;
  for (auto& slot : slots)
    n += slot ? slot->records() : 0;
  return n;
}

namespace {

/// The blocks of a source stage's input, which live as long as what points into them. A block that
/// nobody has makes the batch fail: left out, it would be lost without a word.
std::shared_ptr<const std::vector<numbered_block>>
fetch(const stage_input& input, const block_source* from, const op_info& source) {
  auto out = std::make_shared<std::vector<numbered_block>>();
  std::size_t missing = 0;
  std::uint64_t missing_records = 0;
  const block_ref* first = nullptr;
  for (auto& ref : input.blocks) {
    auto data = ref.origin == block_origin::pulled || !from ? ref.data : from->fetch(ref.id);
    if (data) {
      out->push_back({ref.index, std::move(data)});
      continue;
    }
    first = first ? first : &ref;
    ++missing;
    missing_records += ref.records;
  }
  if (missing != 0)
    throw stream_error{
        errc::not_found,
        std::to_string(missing) + " of " + std::to_string(input.blocks.size()) + " blocks of " +
            describe(source) + " are lost, with " + std::to_string(missing_records) + " of " +
            std::to_string(input.records()) + " records; the first is " + to_string(first->id)};
  return out;
}

} // namespace

struct stage_instance::parts {
  const stage* what;
  std::uint32_t partition;
  std::vector<std::uint32_t> slot_parents;
  batch_context context;
  const block_source* blocks = nullptr;
  /// The root could not go back to where it was: nothing it says can be trusted any more.
  std::optional<error> broken;
  std::unique_ptr<parts> next;   ///< Of the stage that runs as one with this, if any.
  std::vector<consumer_ptr> ops; ///< Leaves first; destroyed in reverse of their making.
  std::vector<std::unique_ptr<exchange_writer>> writers; ///< One for each edge.
  std::unique_ptr<stage_reader> reader;

  parts(const stage& w, std::uint32_t p) : what{&w}, partition{p} {
    for (auto& group : what->inputs)
      slot_parents.insert(slot_parents.end(), group.slots_in(partition), group.parent);
  }

  void make_reader() { reader = what->root->make_reader(below(*what->root, what->steps)); }

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
      auto it = std::ranges::find_if(what->edges, [&](const stage_edge& e) {
        return e.target == step.op && e.parent == step.parent;
      });
      return writers[static_cast<std::size_t>(it - what->edges.begin())]->lane_input(step.lane);
    }
    auto& down = below(*step.op, step.children);
    if (step.op->role() == node_role::merge)
      return down;
    return keep(step.op->make_op(down));
  }

  bool absent(const stage_input& input) const {
    if (what->root->absorbs_absence())
      return std::ranges::none_of(what->root->parents(), [&](auto& parent) {
        return parent->due_at(input.time, context.zero);
      });
    return input.absent || std::ranges::any_of(input.slots, [](auto& s) { return !s; });
  }

  bool read(const stage_input& input) {
    if (what->root->role() == node_role::source) {
      auto& source = static_cast<source_reader&>(*reader);
      if (input.blocks.empty()) {
        source.read(context, {});
        return true;
      }
      auto fetched = fetch(input, blocks, *what->root->info());
      context.inputs = fetched;
      source.read(context, *fetched);
      return true;
    }
    return static_cast<exchange_reader&>(*reader).read(context,
                                                       {partition, input.slots, slot_parents});
  }

  stage_output absent_output() const {
    stage_output out;
    for (auto& edge : what->edges)
      out.payloads.emplace_back(edge.fan_out());
    return out;
  }

  /// What keeps data from batch to batch, if anything: a stage with a next one is a source.
  parts& last() { return next ? *next : *this; }

  void reset_writers(const batch_context& batch) {
    for (auto& writer : writers)
      writer->reset(batch);
  }

  stage_output take() {
    stage_output out;
    for (auto& writer : writers)
      out.payloads.push_back(writer->take());
    return out;
  }

  /// The root commits last, so that nothing fails after it.
  stage_output attempt(const stage_input& input) {
    task_frame frame{input.time};
    if (next)
      next->reset_writers(context);
    reset_writers(context);
    const bool present = read(input);
    stage_output out = present ? take() : absent_output();
    if (next)
      out = next->take();
    out.additions = frame.take();
    last().reader->commit();
    return out;
  }

  /// After a failure: the root as it was before, or broken for good.
  error undo(error why) {
    if (next)
      return next->undo(std::move(why));
    try {
      reader->rollback();
    } catch (const std::exception& e) {
      broken = error{errc::internal, "the state of " + describe(*what->root->info()) +
                                         " could not be brought back after a failure (" +
                                         why.message + "): " + e.what()};
      return *broken;
    }
    return why;
  }

  error failed(const std::string& why) const {
    return {errc::internal, "stage of " + describe(*what->root->info()) +
                                (next ? " and " + describe(*next->what->root->info()) : "") +
                                " failed: " + why};
  }

  result<stage_output> run_absent(batch_time time) {
    auto nothing = std::make_shared<stage_input>();
    nothing->time = time;
    nothing->slots.resize(1);
    return run(nothing);
  }

  result<stage_output> run(const std::shared_ptr<const stage_input>& input) {
    if (last().broken)
      return tl::unexpected{*last().broken};
    if (absent(*input))
      return next ? next->run_absent(input->time) : absent_output();
    context.time = input->time;
    context.inputs = input;
    struct release_inputs {
      batch_context& context;
      ~release_inputs() { context.inputs.reset(); }
    } release{context};
    try {
      return attempt(*input);
    } catch (const stream_error& e) {
      return tl::unexpected{undo(e.info())};
    } catch (const std::exception& e) {
      return tl::unexpected{undo(failed(e.what()))};
    } catch (...) {
      return tl::unexpected{undo(failed("it threw something that is not a std::exception"))};
    }
  }
};

stage_instance::stage_instance(const job_plan&, const stage& what, std::uint32_t partition,
                               stage_environment environment)
    : parts_{std::make_unique<parts>(what, partition)} {
  auto& context = parts_->context;
  context.seed = environment.seed;
  context.zero = environment.zero;
  context.executor = std::move(environment.executor);
  parts_->blocks = environment.blocks;
  for (auto& edge : what.edges)
    parts_->writers.push_back(edge.target->make_writer(edge.parent));
  parts_->make_reader();
}

stage_instance::~stage_instance() = default;
stage_instance::stage_instance(stage_instance&&) noexcept = default;

bool stage_instance::run_with(const stage& source) {
  auto& reader = static_cast<exchange_reader&>(*parts_->reader);
  auto writer = reader.make_direct_writer(parts_->partition);
  if (!writer)
    return false;
  auto both = std::make_unique<parts>(source, parts_->partition);
  both->context = parts_->context;
  both->blocks = parts_->blocks;
  both->writers.push_back(std::move(writer));
  both->next = std::move(parts_);
  parts_ = std::move(both);
  parts_->make_reader();
  return true;
}

result<stage_output> stage_instance::run(const std::shared_ptr<const stage_input>& input) {
  return parts_->run(input);
}

} // namespace millrace
