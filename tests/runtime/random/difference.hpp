#pragma once

#include "runtime/random/run_graph.hpp"

namespace millrace::test {

inline texts expected_batch(const any_data& d) {
  return std::visit([](auto& records) { return each(records, [](auto& x) { return text_of(x); }); },
                    d);
}

inline std::string show_records(const texts& records) {
  constexpr std::size_t shown = 40;
  std::string out = std::to_string(records.size()) + " records";
  for (std::size_t i = 0; i < records.size() && i < shown; ++i)
    out += (i == 0 ? ": " : ", ") + records[i];
  return out + (records.size() > shown ? ", ..." : "");
}

/// How one batch of an output differs from what it should have.
inline std::optional<std::string> batch_difference(const std::optional<texts>& expected,
                                                   const texts* got, bool ordered) {
  if (!expected && !got)
    return std::nullopt;
  if (!expected)
    return "there is a batch where none is due: " + show_records(*got);
  auto wanted = *expected;
  if (!got)
    return "there is no batch, expected " + show_records(wanted);
  auto found = *got;
  if (ordered && found == wanted)
    return std::nullopt;
  auto words = "\n    expected " + show_records(wanted) + "\n    got " + show_records(found);
  std::ranges::sort(wanted);
  std::ranges::sort(found);
  if (found == wanted)
    return ordered ? std::optional{"another order:" + words} : std::nullopt;
  texts missing;
  texts extra;
  std::ranges::set_difference(wanted, found, std::back_inserter(missing));
  std::ranges::set_difference(found, wanted, std::back_inserter(extra));
  return "other records:" + words + "\n    missing " + show_records(missing) + "\n    too much " +
         show_records(extra);
}

/// How what an output has of a batch differs from what the reference says of its stream.
inline std::optional<std::string> output_difference(const graph_output& how,
                                                    const std::optional<any_data>& expected,
                                                    const texts* got, bool ordered) {
  if (!expected)
    return batch_difference(std::nullopt, got, ordered);
  auto n = size_of(*expected);
  switch (how.kind) {
  case output_kind::printed: {
    auto lines = shown_lines(first_records(*expected, how.shown));
    if (n > how.shown) {
      lines.emplace_back("...");
      if (!ordered && got)
        return wrong_choice(*expected, how.shown, *got);
    }
    return batch_difference(lines, got, ordered);
  }
  case output_kind::text_files:
    if (how.skip_empty && n == 0)
      return batch_difference(std::nullopt, got, ordered);
    return batch_difference(shown_lines(*expected), got, ordered);
  case output_kind::object_files:
    if (how.skip_empty && n == 0)
      return batch_difference(std::nullopt, got, ordered);
    break;
  case output_kind::partitions:
    // A batch without partitions calls nothing there.
    if (!got && n == 0)
      return std::nullopt;
    break;
  default:
    break;
  }
  return batch_difference(expected_batch(*expected), got, ordered);
}

inline std::optional<std::string> error_difference(const random_graph& graph,
                                                   const std::optional<std::string>& error,
                                                   std::optional<std::size_t> failing) {
  if (!failing)
    return error ? std::optional{"the job failed: " + *error} : std::nullopt;
  auto when = "at time " + std::to_string((*failing + 1) * 1000) + " ms";
  if (error && error->find(when) != std::string::npos)
    return std::nullopt;
  return "batch " + std::to_string(*failing + 1) + " of " + std::to_string(graph.batches) +
         " must fail " + when + ", but: " + error.value_or("no error");
}

/// The same for the slices of the remembered streams.
inline std::optional<std::string> slice_difference(const random_graph& graph,
                                                   const graph_run& got) {
  for (auto& [i, slice] : got.slices) {
    auto& stream = graph.streams[i];
    std::size_t n = 0;
    for (std::size_t b = 0; b < graph.batches; ++b) {
      auto& expected = stream.expected.batches[b];
      if (!expected || !range_of_slices(graph).contains(b, stream.expected.slide))
        continue;
      auto* found = n < slice.size() ? &slice[n] : nullptr;
      if (auto d = batch_difference(expected_batch(*expected), found, stream.ordered))
        return "slice " + std::to_string(n) + " of s" + std::to_string(i) + ": " + *d;
      ++n;
    }
    if (slice.size() != n)
      return "the slice of s" + std::to_string(i) + " has " + std::to_string(slice.size()) +
             " batches instead of " + std::to_string(n);
  }
  return std::nullopt;
}

/// The same for the accumulators. Each record counts once, however often its task was tried, in
/// whichever ways it goes on.
inline std::optional<std::string> count_difference(const random_graph& graph, const graph_run& got,
                                                   std::size_t end) {
  auto needed = needed_streams(graph);
  for (auto& [i, counts] : got.counts) {
    auto& stream = graph.streams[i];
    auto& parent = graph.streams[stream.parents[0]];
    auto& [all, by_batch] = counts;
    number expected_in_all = 0;
    for (std::size_t b = 0; b < end; ++b) {
      auto& records = parent.expected.batches[b];
      auto expected = needed[i] && records ? static_cast<number>(size_of(*records)) : 0;
      expected_in_all += expected;
      if (by_batch[b] != expected)
        return "s" + std::to_string(i) + " has counted " + std::to_string(by_batch[b]) +
               " records at second " + std::to_string(b + 1) + " instead of " +
               std::to_string(expected);
    }
    if (end == graph.batches && all != expected_in_all)
      return "s" + std::to_string(i) + " has counted " + std::to_string(all) +
             " records in all instead of " + std::to_string(expected_in_all);
  }
  return std::nullopt;
}

/// Runs the graph; the first difference from what the reference says, in words.
inline std::optional<std::string> difference(const random_graph& graph, engine& on) {
  auto got = run(on, graph);
  auto failing = failing_batch(graph);
  if (auto d = error_difference(graph, got.error, failing))
    return d;
  auto end = failing.value_or(graph.batches);
  for (std::size_t b = 0; b < graph.batches; ++b)
    for (std::size_t o = 0; o < graph.outputs.size(); ++o) {
      auto& how = graph.outputs[o];
      auto& stream = graph.streams[how.stream];
      auto at = got.outputs[o].find(static_cast<number>(b + 1));
      auto* found = at == got.outputs[o].end() ? nullptr : &at->second;
      auto expected = b < end ? stream.expected.batches[b] : std::nullopt;
      if (auto d = output_difference(how, expected, found, stream.ordered))
        return std::string(name_of(how.kind)) + " of s" + std::to_string(how.stream) +
               " at second " + std::to_string(b + 1) + ": " + *d;
    }
  if (auto d = count_difference(graph, got, end))
    return d;
  return slice_difference(graph, got);
}

} // namespace millrace::test
