#include "millrace/engine/pull_inputs.hpp"

#include "millrace/intake/thrown_by.hpp"
#include "millrace/plan/source_node.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace {

std::uint64_t pulled_inputs::bytes() const {
  std::uint64_t sum = 0;
  for (auto& stream : streams)
    for (auto& block : stream.blocks)
      sum += block->bytes();
  return sum;
}

pull_inputs::pull_inputs(const job_graph& graph) {
  for (auto& source : graph.sources())
    if (auto* pulled = std::get_if<std::shared_ptr<pull_source>>(&source->spec()))
      inputs_.push_back({source->stream(), describe(*source->info()), *pulled});
}

void pull_inputs::start(batch_time now, const logger& log) {
  for (auto& in : inputs_)
    in.source->start(now, log);
}

bool pull_inputs::block() const {
  return std::ranges::any_of(inputs_, [](auto& in) { return in.source->blocks(); });
}

result<pulled_inputs> pull_inputs::pull(batch_time time, const job_input_limits& limits) {
  pulled_inputs out;
  for (auto at = inputs_.begin(); at != inputs_.end(); ++at) {
    auto got = pull_from(*at, time, limits[at->stream]);
    if (got) {
      out.streams.push_back(std::move(*got));
      continue;
    }
    for (std::size_t i = 0; i < out.streams.size(); ++i)
      if (auto& splits = out.streams[i].splits)
        take_back(inputs_[i], std::move(*splits));
    auto why = fail(got.error().code, "Error generating a batch for time " + to_string(time) +
                                          ": " + at->description + got.error().message);
    std::rotate(inputs_.begin(), at, at + 1);
    return why;
  }
  return out;
}

/// The message of an error goes on where the name of the source ends.
result<pulled_inputs::entry> pull_inputs::pull_from(input& in, batch_time time,
                                                    const input_limits& limits) {
  pulled_inputs::entry entry{in.stream, std::nullopt};
  auto threw = [](const std::string& what) {
    return fail(errc::user_function_failed, " threw: " + what);
  };
  if (auto what = thrown_by([&] { entry.splits = plan(in, time, limits); }))
    return threw(*what);
  if (!entry.splits)
    return entry;
  for (auto at = entry.splits->begin(); at != entry.splits->end(); ++at) {
    if (!at->made.empty()) {
      entry.blocks.insert(entry.blocks.end(), at->made.begin(), at->made.end());
      continue;
    }
    result<std::vector<block_ptr>> blocks;
    auto what = thrown_by([&] { blocks = in.source->read(*at); });
    if (!what && blocks) {
      entry.blocks.insert(entry.blocks.end(), blocks->begin(), blocks->end());
      continue;
    }
    entry.splits->erase(at);
    take_back(in, std::move(*entry.splits));
    if (what)
      return threw(*what);
    return fail(blocks.error().code, ": " + blocks.error().message);
  }
  return entry;
}

std::optional<std::vector<input_split>> pull_inputs::plan(input& in, batch_time time,
                                                          const input_limits& limits) {
  if (in.kept.empty())
    return in.source->plan(time, limits);
  input_budget budget{limits};
  for (auto& split : in.kept)
    budget.take(split.records, split.size);
  auto splits = in.source->plan(time, budget.left());
  auto all = std::exchange(in.kept, {});
  if (splits)
    std::ranges::move(*splits, std::back_inserter(all));
  return all;
}

void pull_inputs::take_back(input& from, std::vector<input_split> splits) {
  bool taken = false;
  const auto threw = thrown_by([&] { taken = from.source->take_back(splits); });
  if (threw || !taken)
    from.kept = std::move(splits);
}

} // namespace millrace
