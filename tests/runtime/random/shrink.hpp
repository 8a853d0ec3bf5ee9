#pragma once

#include "runtime/random/graph.hpp"

#include <functional>

namespace millrace::test {

/// Makes a graph that fails smaller, as long as it fails: `fails(graph)`.
class shrinker {
public:
  explicit shrinker(std::function<bool(const random_graph&)> fails) : fails_{std::move(fails)} {}

  random_graph shrink(random_graph graph) const {
    for (bool smaller = true; smaller;) {
      smaller = false;
      for (auto& candidate : candidates(graph))
        if (fails_(candidate)) {
          graph = std::move(candidate);
          smaller = true;
          break;
        }
    }
    return graph;
  }

private:
  static std::vector<random_graph> candidates(const random_graph& graph) {
    std::vector<random_graph> out;
    auto add = [&](auto change) {
      auto smaller = graph;
      change(smaller);
      out.push_back(prune(std::move(smaller)));
    };
    if (auto pruned = prune(graph); pruned.streams.size() < graph.streams.size())
      out.push_back(std::move(pruned));
    if (graph.outputs.size() > 1)
      for (auto& o : graph.outputs)
        add([&](auto& g) { g.outputs = {o}; });
    else
      for (auto p : graph.streams[graph.outputs[0].stream].parents)
        add([&](auto& g) { g.outputs[0].stream = p; });
    if (has_refused(graph))
      add([](auto& g) { drop_refused(g); });
    for (auto n : {graph.batches / 2, graph.batches - 1})
      if (n > 0 && n < graph.batches)
        add([&](auto& g) { cut(g, n); });
    if (graph.output_fails_at_call != 0)
      add([](auto& g) { g.output_fails_at_call = 0; });
    for (std::size_t i = 0; i < graph.streams.size(); ++i)
      if (graph.streams[i].fails_at_call != 0)
        add([&](auto& g) { g.streams[i].fails_at_call = 0; });
    for (std::size_t i = 0; i < graph.streams.size(); ++i)
      halve_inputs(graph, i, add);
    simplify_kinds(graph, add);
    if (graph.parallelism > 1)
      add([](auto& g) { g.parallelism = 1; });
    if (graph.threads > 1)
      add([](auto& g) { g.threads = 1; });
    return out;
  }

  static bool has_refused(const random_graph& graph) {
    return std::ranges::any_of(graph.streams, [](auto& r) { return r.refused; });
  }

  /// Candidates with half of one batch of an input.
  template <class Add>
  static void halve_inputs(const random_graph& graph, std::size_t stream, Add add) {
    auto& r = graph.streams[stream];
    if (r.op)
      return;
    for (std::size_t b = 0; b < r.given.batches.size(); ++b)
      for (bool front : {true, false})
        if (r.given.batches[b] && size_of(*r.given.batches[b]) > 0)
          add([&](auto& g) {
            std::visit(
                [front](auto& records) {
                  auto half = static_cast<std::ptrdiff_t>((records.size() + (front ? 0 : 1)) / 2);
                  front ? records.erase(records.begin() + half, records.end())
                        : records.erase(records.begin(), records.begin() + half);
                },
                *g.streams[stream].given.batches[b]);
            reevaluate(g);
          });
  }

  /// Candidates whose inputs, outputs and kept batches are of the plainest kind.
  template <class Add>
  static void simplify_kinds(const random_graph& graph, Add add) {
    for (std::size_t i = 0; i < graph.streams.size(); ++i)
      if (graph.streams[i].input != input_kind::function)
        add([&](auto& g) {
          g.streams[i].input = input_kind::function;
          g.streams[i].given = g.streams[i].expected;
        });
    for (std::size_t o = 0; o < graph.outputs.size(); ++o)
      if (graph.outputs[o].kind != output_kind::batches)
        add([&](auto& g) { g.outputs[o].kind = output_kind::batches; });
    if (graph.little_memory)
      add([](auto& g) { g.little_memory = false; });
  }

  static void cut(random_graph& graph, std::size_t batches) {
    graph.batches = batches;
    for (auto& r : graph.streams)
      if (!r.op)
        r.given.batches.resize(std::min(batches, r.given.batches.size()));
    reevaluate(graph);
  }

  static void reevaluate(random_graph& graph) {
    for (std::size_t i = 0; i < graph.streams.size(); ++i)
      evaluate(graph, i);
  }

  static void drop_refused(random_graph& graph) {
    keep_only(graph, [](const random_graph& g, std::size_t i) { return !g.streams[i].refused; });
  }

  /// Without the streams that nothing needs; refused ones stay while their parents do.
  static random_graph prune(random_graph graph) {
    auto needed = needed_streams(graph);
    keep_only(graph, [&](const random_graph& g, std::size_t i) {
      auto& r = g.streams[i];
      return needed[i] ||
             (r.refused && std::ranges::all_of(r.parents, [&](auto p) { return needed[p]; }));
    });
    return graph;
  }

  template <class Keep>
  static void keep_only(random_graph& graph, Keep keep) {
    std::vector<std::size_t> number(graph.streams.size());
    std::vector<recipe> kept;
    for (std::size_t i = 0; i < graph.streams.size(); ++i) {
      number[i] = kept.size();
      if (!keep(graph, i))
        continue;
      kept.push_back(graph.streams[i]);
      for (auto& p : kept.back().parents)
        p = number[p];
    }
    graph.streams = std::move(kept);
    for (auto& o : graph.outputs)
      o.stream = number[o.stream];
  }

  std::function<bool(const random_graph&)> fails_;
};

} // namespace millrace::test
