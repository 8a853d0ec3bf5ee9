#pragma once

#include "runtime/random/graph.hpp"

#include <array>
#include <random>

namespace millrace::test {

/// Makes a graph out of operations, all of which it knows what they give. Equal seeds, equal
/// graphs.
class generator {
public:
  generator(std::uint64_t seed, const operation_list& operations)
      : random_{seed}, operations_{operations} {
    graph_.seed = seed;
  }

  random_graph make() {
    graph_.batches = 2 + below(9);
    graph_.parallelism = 1 + below(4);
    graph_.threads = 1 + below(4);
    graph_.little_memory = one_in(3);
    usual_partitions_ = static_cast<std::uint32_t>(1 + below(4));
    for (std::size_t i = 0, n = 1 + below(3); i < n; ++i)
      add_input();
    for (std::size_t i = 0, n = 2 + below(14); i < n; ++i)
      add_operation();
    for (std::size_t i = 0, n = 1 + below(4); i < n; ++i)
      graph_.outputs.push_back(random_output(i == 0 ? last_stream() : any_stream_but_refused()));
    if (one_in(4))
      graph_.output_fails_at_call = static_cast<int>(1 + below(2 * graph_.batches));
    return std::move(graph_);
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  recipe& at(std::size_t i) { return graph_.streams[i]; }

  std::size_t last_stream() {
    auto i = graph_.streams.size() - 1;
    while (at(i).refused)
      --i;
    return i;
  }

  std::size_t any_stream_but_refused() {
    auto i = below(graph_.streams.size());
    while (at(i).refused)
      i = below(graph_.streams.size());
    return i;
  }

  graph_output random_output(std::size_t stream) {
    constexpr std::array<std::size_t, 5> shown{0, 1, 3, 10, 2 * most_records};
    return {stream, static_cast<output_kind>(below(6)), shown[below(shown.size())], one_in(2)};
  }

  /// Sometimes one record of several lines, if the input can have such.
  std::string random_line(bool of_file) {
    std::string line;
    for (std::size_t w = below(6); w > 0; --w) {
      if (!of_file && one_in(8))
        line += one_in(2) ? "\n" : "\r\n";
      line += (one_in(3) ? "  a word longer than short" : " w") + std::to_string(below(20));
      if (!of_file && one_in(20))
        line += one_in(2) ? "\n" : "\n\n\r";
    }
    return line;
  }

  any_data random_batch(record_kind kind, bool of_file) {
    constexpr std::array<std::size_t, 8> sizes{0, 0, 1, 2, 7, 30, 100, 1000};
    auto n = sizes[below(sizes.size())];
    auto small = 1 + below(100);
    auto value = [&] { return static_cast<number>(below(small)); };
    if (kind == of_views) {
      texts out(n);
      for (auto& line : out)
        line = random_line(of_file);
      return any_data{std::in_place_index<of_views>, std::move(out)};
    }
    if (kind == of_view_pairs) {
      std::vector<text_pair> out(n);
      for (auto& [k, v] : out) {
        k = (one_in(2) ? "w" : "a word longer than short ") + std::to_string(value() % 20);
        v = static_cast<number>(below(1000));
      }
      return any_data{std::in_place_index<of_view_pairs>, std::move(out)};
    }
    if (kind == of_pairs) {
      std::vector<number_pair> out(n);
      for (auto& [k, v] : out) {
        k = value() % 40;
        v = static_cast<number>(below(1000));
      }
      return any_data{std::in_place_index<of_pairs>, std::move(out)};
    }
    numbers out(n);
    for (auto& x : out)
      x = value() * (one_in(2) ? 1 : 31);
    return any_data{std::in_place_index<of_numbers>, std::move(out)};
  }

  void add_input() {
    constexpr std::array<record_kind, 4> kinds{of_numbers, of_views, of_pairs, of_view_pairs};
    recipe r;
    r.kind = kinds[below(kinds.size())];
    r.input = random_input_kind(r.kind);
    r.input_partitions = 1 + below(4);
    bool function = r.input == input_kind::function;
    bool leaves_out = function && one_in(4);
    auto of_file = is_text_files(r.input);
    auto given = function ? graph_.batches : 1 + below(graph_.batches);
    for (std::size_t b = 0; b < given; ++b) {
      auto records = random_batch(r.kind, of_file);
      if (leaves_out && one_in(4))
        r.given.batches.emplace_back();
      else
        r.given.batches.emplace_back(std::move(records));
    }
    if (r.input == input_kind::number_files && one_in(4))
      r.fails_at_call = static_cast<int>(1 + below(10));
    graph_.streams.push_back(std::move(r));
    try {
      evaluate(graph_, graph_.streams.size() - 1);
    } catch (const too_many_records&) {
      at(graph_.streams.size() - 1).input = input_kind::queue;
      evaluate(graph_, graph_.streams.size() - 1);
    }
  }

  input_kind random_input_kind(record_kind of) {
    using enum input_kind;
    if (one_in(2))
      return function;
    std::vector<input_kind> kinds{queue, whole_queue, constant};
    if (of == of_views || of == of_view_pairs)
      kinds.insert(kinds.end(), {text_files, stable_files, packed_files, nested_files,
                                 matched_files, older_files});
    else
      kinds.push_back(object_files);
    if (of == of_numbers)
      kinds.insert(kinds.end(), {rate, number_files, binary_files});
    return kinds[below(kinds.size())];
  }

  /// A stream of this kind, mostly one with this slide; none if there is none of the kind.
  std::optional<std::size_t> partner(record_kind kind, std::size_t slide) {
    std::vector<std::size_t> alike;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < graph_.streams.size(); ++i)
      if (!at(i).refused && at(i).kind == kind)
        (at(i).expected.slide == slide ? alike : others).push_back(i);
    auto& from = !alike.empty() && (others.empty() || !one_in(10)) ? alike : others;
    if (from.empty())
      return std::nullopt;
    return from[below(from.size())];
  }

  void add_operation() {
    auto first = one_in(2) ? last_stream() : any_stream_but_refused();
    std::vector<const random_operation*> fitting;
    for (auto& op : operations_)
      if (op.in[0] == at(first).kind)
        fitting.push_back(&op);
    recipe r;
    r.op = fitting[below(fitting.size())];
    r.kind = r.op->out;
    r.parents = {first};
    for (std::size_t i = 1; i < r.op->in.size(); ++i) {
      auto other = partner(r.op->in[i], at(first).expected.slide);
      if (!other)
        return;
      r.parents.push_back(*other);
    }
    choose_parameters(r);
    if (r.op->needs_parents && !r.refused && has_gap(r) && !one_in(6))
      return;
    add(std::move(r));
  }

  bool has_gap(const recipe& r) {
    return std::ranges::any_of(r.parents,
                               [&](auto p) { return at(p).expected.first_gap().has_value(); });
  }

  void choose_parameters(recipe& r) {
    auto& p = r.with;
    auto parent = at(r.parents[0]).expected.slide;
    p.a = static_cast<number>(1 + below(9));
    p.partitions = one_in(2) ? usual_partitions_ : static_cast<std::uint32_t>(below(5));
    p.by_route = one_in(4);
    p.parent_slide = p.slide = parent;
    p.length = parent * (one_in(5) ? graph_.batches + 1 : 1 + below(4));
    for (auto other : r.parents)
      r.refused = r.refused || at(other).expected.slide != parent;
    if (r.op->windowed) {
      p.slide = parent * std::array<std::size_t, 6>{1, 1, 1, 1, 2, 3}[below(6)];
      p.default_slide = p.slide == parent && one_in(2);
      if (parent > 1 && one_in(6)) {
        (one_in(2) ? p.length : p.slide) += 1;
        p.default_slide = false;
        r.refused = true;
      }
    }
    if (faults_ < 3 && one_in(5)) {
      ++faults_;
      constexpr std::array<std::size_t, 3> up_to{3, 30, 300};
      r.fails_at_call = static_cast<int>(1 + below(up_to[below(up_to.size())]));
    }
  }

  void add(recipe r) {
    auto& parents = r.parents;
    auto all = [&](auto f) {
      return std::ranges::all_of(parents, [&](auto p) { return f(at(p)); });
    };
    bool windowed = !all([](auto& parent) { return !parent.windowed; });
    bool ordered = all([](auto& parent) { return parent.ordered; });
    r.windowed = r.op->records == order::windows || (r.op->records == order::keeps && windowed);
    r.ordered = r.op->records == order::makes || (r.op->records == order::keeps && ordered) ||
                (r.op->records == order::windows && ordered && !windowed);
    if (!r.refused) {
      r.expected.slide = r.with.slide;
    }
    graph_.streams.push_back(std::move(r));
    try {
      evaluate(graph_, graph_.streams.size() - 1);
    } catch (const too_many_records&) {
      graph_.streams.pop_back();
      return;
    }
    for (auto& b : graph_.streams.back().expected.batches)
      if (b && size_of(*b) > most_records) {
        graph_.streams.pop_back();
        return;
      }
  }

  std::mt19937_64 random_;
  const operation_list& operations_;
  random_graph graph_;
  std::uint32_t usual_partitions_ = 1;
  int faults_ = 0;
};

} // namespace millrace::test
