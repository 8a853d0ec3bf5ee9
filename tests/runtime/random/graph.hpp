#pragma once

#include "runtime/random/inputs/input_model.hpp"
#include "runtime/random/operation.hpp"
#include "runtime/random/outputs/output_kind.hpp"

#include <algorithm>
#include <sstream>

namespace millrace::test {

/// One stream of a random graph: an input, or an operation on other streams.
struct recipe {
  record_kind kind = of_numbers;
  const random_operation* op = nullptr; ///< None: an input.
  parameters with;
  std::vector<std::size_t> parents;
  /// The operation must be refused, and there is no such stream.
  bool refused = false;
  input_kind input = input_kind::function;
  history given;                    ///< To an input.
  std::size_t input_partitions = 1; ///< Or files for each batch.
  int fails_at_call = 0; ///< A function of the user's throws at this call, once; 0: never.
  bool ordered = true;   ///< The order of its records is promised.
  bool windowed = false; ///< Has a window above, in the same order.
  history expected;      ///< What the reference says.
};

struct random_graph {
  std::uint64_t seed = 0;
  std::vector<recipe> streams;
  std::vector<graph_output> outputs;
  int output_fails_at_call = 0;
  std::size_t batches = 0;
  std::size_t parallelism = 1;
  std::size_t threads = 1;
  bool little_memory = false; ///< Kept batches have hardly any.
};

inline void evaluate(random_graph& graph, std::size_t stream) {
  auto& r = graph.streams[stream];
  if (r.refused)
    return;
  if (!r.op) {
    r.expected = batches_of_input(r.input, r.given, graph.batches);
    return;
  }
  std::vector<const history*> in;
  for (auto p : r.parents)
    in.push_back(&graph.streams[p].expected);
  r.expected = r.op->evaluate(in, r.with);
}

/// The streams that are computed: those that an output or a kept stream needs.
inline std::vector<bool> needed_streams(const random_graph& graph) {
  std::vector<bool> needed(graph.streams.size(), false);
  for (auto& o : graph.outputs)
    needed[o.stream] = true;
  for (std::size_t i = 0; i < graph.streams.size(); ++i)
    if (auto& r = graph.streams[i]; r.op && !r.refused && r.op->keeps(r.with))
      needed[i] = true;
  for (std::size_t i = graph.streams.size(); i-- > 0;)
    if (needed[i])
      for (auto p : graph.streams[i].parents)
        needed[p] = true;
  return needed;
}

/// The first batch that cannot be made, because an operation needs a batch of a parent that has
/// none.
inline std::optional<std::size_t> failing_batch(const random_graph& graph) {
  std::optional<std::size_t> first;
  auto needed = needed_streams(graph);
  for (std::size_t i = 0; i < graph.streams.size(); ++i)
    if (auto& r = graph.streams[i]; needed[i] && r.op && r.op->needs_parents)
      for (auto p : r.parents)
        if (auto gap = graph.streams[p].expected.first_gap(); gap && (!first || *gap < *first))
          first = gap;
  return first;
}

/// The times that slices of remembered streams are asked for: all, or some, perhaps between
/// batches.
struct slice_range {
  number from_ms;
  number to_ms;

  /// Times between batches are those of the batch before.
  [[nodiscard]] bool contains(std::size_t batch, std::size_t slide) const {
    auto ms = static_cast<number>(batch + 1) * 1000;
    auto step = static_cast<number>(slide) * 1000;
    return from_ms / step * step <= ms && ms <= to_ms;
  }
};

inline slice_range range_of_slices(const random_graph& graph) {
  auto end = static_cast<number>(graph.batches) * 1000;
  auto some = static_cast<number>(graph.seed % 1'000'003);
  if (some % 3 == 0)
    return {0, end};
  auto from = some * 250 % (end + 1);
  return {from, from + some * 500 % (end - from + 1)};
}

inline std::string show_sizes(const history& h) {
  std::string out = ":";
  for (auto& b : h.batches)
    out += b ? " " + std::to_string(size_of(*b)) : " -";
  return out;
}

inline std::string show(const recipe& r) {
  std::ostringstream out;
  constexpr const char* kinds[] = {"numbers", "views",      "texts",
                                   "pairs",   "view pairs", "text pairs"};
  out << kinds[r.kind] << " from ";
  if (!r.op) {
    out << name_of(r.input) << " of " << r.input_partitions << " partitions or files";
    if (r.fails_at_call != 0)
      out << ", fails at call " << r.fails_at_call;
    out << show_sizes(r.expected);
    return out.str();
  }
  out << r.op->name;
  for (auto p : r.parents)
    out << " s" << p;
  out << " a=" << r.with.a << " partitions="
      << (r.with.by_route ? std::string("by route") : std::to_string(r.with.partitions));
  if (r.op->windowed)
    out << " window of " << r.with.length << " s by " << r.with.slide << " s";
  else
    out << " length " << r.with.length << " s";
  if (r.fails_at_call != 0)
    out << " fails at call " << r.fails_at_call;
  out << (r.refused ? ", must be refused" : show_sizes(r.expected));
  return out.str();
}

/// The graph in words.
inline std::string show(const random_graph& graph) {
  std::ostringstream out;
  out << "seed=" << graph.seed << ", " << graph.batches << " batches, parallelism "
      << graph.parallelism << ", " << graph.threads << " threads\n";
  for (std::size_t i = 0; i < graph.streams.size(); ++i)
    out << "  s" << i << " = " << show(graph.streams[i]) << '\n';
  out << "  outputs";
  for (auto& o : graph.outputs)
    out << " s" << o.stream << " (" << name_of(o.kind) << ", " << o.shown << ")";
  if (graph.little_memory)
    out << ", little memory";
  if (graph.output_fails_at_call != 0)
    out << " fail at call " << graph.output_fails_at_call;
  return out.str();
}

} // namespace millrace::test
