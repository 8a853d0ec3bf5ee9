#pragma once

#include "runtime/event_log.hpp"
#include "runtime/random/graph.hpp"
#include "runtime/random/inputs/make_input.hpp"
#include "runtime/random/outputs/add_output.hpp"
#include "support/engine.hpp"

namespace millrace::test {

struct graph_run {
  std::optional<std::string> error; ///< What the job reported.
  std::vector<seconds_of_texts> outputs;
  std::map<std::size_t, std::vector<texts>> slices; ///< Of remembered streams.
  /// What streams that count have added, in all and by batch.
  std::map<std::size_t, std::pair<number, numbers>> counts;
  std::vector<std::string> events; ///< As event_log writes them down.
};

/// An operation was not refused, or with other words than the user should get.
struct not_refused {
  std::string how;
};

inline void expect_refusal(const recipe& r, const std::vector<any_stream>& parents,
                           const parameters& with) {
  try {
    r.op->build(parents, with);
  } catch (const stream_error& e) {
    std::string_view what = e.what();
    if (e.code() == errc::invalid_argument &&
        (what.find("different slide durations") != what.npos ||
         what.find("must be a multiple of the slide") != what.npos))
      return;
    throw not_refused{r.op->name + " was refused with: " + e.what()};
  }
  throw not_refused{r.op->name + " was not refused"};
}

/// The streams of the graph; those of refused operations are those of their first parents.
/// Each adds to an accumulator of its own.
inline std::vector<any_stream> build(basic_stream_context& context, graph_disk& disk,
                                     const random_graph& graph,
                                     std::vector<accumulator<number>>& counters) {
  std::vector<any_stream> made;
  const parameters shared;
  for (auto& r : graph.streams) {
    auto& counter = counters.emplace_back("records of s" + std::to_string(made.size()));
    if (!r.op) {
      made.push_back(make_input(context, disk, std::to_string(made.size()), r));
      continue;
    }
    auto with = r.with;
    with.context = &context;
    with.seen = counter;
    with.little_memory = graph.little_memory;
    with.route = shared.route;
    with.trip = r.fails_at_call != 0 ? fault{r.fails_at_call} : fault{};
    std::vector<any_stream> parents;
    for (auto p : r.parents)
      parents.push_back(made[p]);
    if (r.refused)
      expect_refusal(r, parents, with);
    made.push_back(r.refused ? parents[0] : r.op->build(parents, with));
  }
  return made;
}

/// The kept batches of a stream in that range.
inline std::vector<texts> slice_of(const any_stream& of, slice_range range) {
  return std::visit(
      [&](auto& s) {
        std::vector<texts> out;
        for (auto& b : s.slice(batch_time{range.from_ms}, batch_time{range.to_ms}))
          out.push_back(each(b.collect(), [](auto& x) { return text_of(x); }));
        return out;
      },
      of);
}

/// What has been added in all, and by each batch.
inline std::pair<number, numbers> counts_of(const accumulator<number>& counter,
                                            std::size_t batches) {
  std::pair<number, numbers> out{counter.value(), {}};
  for (std::size_t b = 0; b < batches; ++b)
    out.second.push_back(
        counter.in_batch(batch_time{static_cast<number>(b + 1) * 1000}).value_or(0));
  return out;
}

inline configuration configuration_of(const random_graph& graph) {
  return configuration::defaults()
      .master("local[" + std::to_string(graph.threads) + "]")
      .set("state.hash_seed", static_cast<number>(graph.seed % 1000 + 1))
      .set("stream.default_parallelism", static_cast<number>(graph.parallelism))
      .set("storage.memory_bytes", graph.little_memory ? "2k" : "256MiB");
}

/// Adds the outputs. What they call, and a change of the disk, fails where the graph says so.
inline std::vector<output_reader> add_outputs(const std::vector<any_stream>& streams,
                                              graph_disk& disk, const random_graph& graph) {
  fault trip;
  if (graph.output_fails_at_call != 0) {
    trip = fault{graph.output_fails_at_call};
    disk.files()->fail_change(static_cast<std::uint64_t>(graph.output_fails_at_call));
  }
  std::vector<output_reader> outputs;
  for (auto& o : graph.outputs) {
    auto prefix = "/out/" + std::to_string(outputs.size()) + "-saved";
    outputs.push_back(std::visit([&](auto& s) { return add_output(s, o, disk, prefix, trip); },
                                 streams[o.stream]));
  }
  return outputs;
}

/// Builds the graph and runs all its batches.
inline void run_to_end(engine& on, basic_stream_context& context, graph_disk& disk,
                       const random_graph& graph, graph_run& result) {
  auto events = std::make_shared<event_log>();
  context.add_listener(events);
  context.set_file_system(disk.files());
  std::vector<accumulator<number>> counters;
  auto streams = build(context, disk, graph, counters);
  auto outputs = add_outputs(streams, disk, graph);
  bool fails = failing_batch(graph).has_value();
  try {
    context.start();
    on.advance(parameters::in_seconds(graph.batches));
    bool ended = wait_until([&] {
      return context.await_termination_for(duration{0}) ||
             (!fails && events->completed().size() >= graph.batches);
    });
    if (!ended)
      result.error = "the job does not come to an end";
    for (std::size_t i = 0; !fails && i < streams.size(); ++i)
      if (graph.streams[i].op && graph.streams[i].op->remembered)
        result.slices[i] = slice_of(streams[i], range_of_slices(graph));
    context.stop();
    context.await_termination_for(milliseconds(50));
  } catch (const stream_error& e) {
    result.error = e.what();
  }
  context.stop();
  result.events = events->events();
  for (auto& o : outputs)
    result.outputs.push_back(o());
  for (std::size_t i = 0; i < streams.size(); ++i)
    if (graph.streams[i].op && graph.streams[i].op->counts)
      result.counts[i] = counts_of(counters[i], graph.batches);
}

inline graph_run run(engine& on, const random_graph& graph) {
  graph_disk disk;
  auto context = on.make_context(configuration_of(graph), seconds(1));
  graph_run result;
  try {
    run_to_end(on, *context, disk, graph, result);
  } catch (const stream_error& e) {
    result.error = std::string("the graph cannot be built: ") + e.what();
  } catch (const not_refused& e) {
    result.error = e.how;
  }
  return result;
}

} // namespace millrace::test
