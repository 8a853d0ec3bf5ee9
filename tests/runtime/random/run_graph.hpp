#pragma once

#include "runtime/event_log.hpp"
#include "runtime/random/graph.hpp"
#include "support/engine.hpp"

#include <functional>
#include <mutex>

namespace millrace::test {

/// What a stream gave, by second.
using seconds_of_texts = std::map<number, texts>;

struct graph_run {
  std::optional<std::string> error; ///< What the job reported.
  std::vector<seconds_of_texts> outputs;
  std::map<std::size_t, std::vector<texts>> slices; ///< Of remembered streams.
};

/// What an output gets. A batch may come again, whole or in partitions. Thread-safe.
class tap {
public:
  void take(number second, std::size_t partition, texts records) {
    std::lock_guard guard{mutex_};
    batches_[second][partition] = std::move(records);
  }
  seconds_of_texts batches() const {
    std::lock_guard guard{mutex_};
    seconds_of_texts out;
    for (auto& [second, partitions] : batches_)
      for (auto& [number, records] : partitions)
        append(out[second], records);
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::map<number, std::map<std::size_t, texts>> batches_;
};

/// An operation was not refused, or with other words than the user should get.
struct not_refused {
  std::string how;
};

template <record_kind K>
any_stream make_input_of(basic_stream_context& context, const recipe& r) {
  using record = record_of<K>;
  test_batches<record> in;
  for (auto& b : r.expected.batches) {
    auto& to = in.emplace_back();
    if (b)
      to.emplace(std::get<K>(*b).begin(), std::get<K>(*b).end());
  }
  return any_stream{std::in_place_index<K>, test_input<record>(context, in, r.input_partitions)};
}

/// Pairs whose keys are views into the text of their batch: lines "key=value", taken apart.
inline any_stream make_view_pairs(basic_stream_context& context, const recipe& r) {
  std::vector<std::optional<texts>> in;
  for (auto& b : r.expected.batches)
    in.push_back(
        b ? std::optional{each(std::get<of_view_pairs>(*b), [](auto& p) { return text_of(p); })}
          : std::nullopt);
  using views = batch<std::string_view>;
  auto lines = context.input_stream<std::string_view>(
      [in, partitions = r.input_partitions](batch_time t) -> std::optional<views> {
        auto& b = in.at(static_cast<std::size_t>(t.ms() / 1000 - 1));
        if (!b)
          return std::nullopt;
        return views{std::vector<std::string_view>{b->begin(), b->end()}, partitions};
      });
  return any_stream{
      std::in_place_index<of_view_pairs>, lines.map([](std::string_view line) {
        auto at = line.find('=');
        return view_pair{line.substr(0, at), std::stol(std::string(line.substr(at + 1)))};
      })};
}

inline any_stream make_input(basic_stream_context& context, const recipe& r) {
  switch (r.kind) {
  case of_views:
    return make_input_of<of_views>(context, r);
  case of_pairs:
    return make_input_of<of_pairs>(context, r);
  case of_view_pairs:
    return make_view_pairs(context, r);
  default:
    return make_input_of<of_numbers>(context, r);
  }
}

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
inline std::vector<any_stream> build(basic_stream_context& context, const random_graph& graph) {
  std::vector<any_stream> made;
  const parameters shared;
  for (auto& r : graph.streams) {
    if (!r.op) {
      made.push_back(make_input(context, r));
      continue;
    }
    auto with = r.with;
    with.context = &context;
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

enum class output_kind { batches, partitions, collected };

inline output_kind kind_of_output(const random_graph& graph, std::size_t output) {
  return static_cast<output_kind>((graph.seed + output) % 3);
}

/// Adds an output, which calls `trip` where it can; what it got, afterwards.
template <class T>
std::function<seconds_of_texts()> add_output(const dstream<T>& to, output_kind kind,
                                             const fault& trip) {
  using record = owned_t<T>;
  auto as_texts = [](const auto& records) {
    return each(records, [](auto& x) { return text_of(x); });
  };
  auto out = std::make_shared<tap>();
  if (kind == output_kind::batches) {
    to.for_each_batch([=](const batch<record>& b, batch_time t) {
      trip();
      out->take(t.ms() / 1000, 0, as_texts(b.collect()));
      trip();
    });
  } else if (kind == output_kind::partitions) {
    using connection = std::tuple<number, std::size_t, texts>;
    to.for_each_partition(
        [](std::size_t p, batch_time t) {
          return connection{t.ms() / 1000, p, {}};
        },
        [trip](connection& c, const record& r) {
          trip();
          std::get<texts>(c).push_back(text_of(r));
        },
        [out](connection& c) { out->take(std::get<0>(c), std::get<1>(c), std::get<2>(c)); });
  } else {
    auto all = std::make_shared<collector<record>>();
    to.collect_into(*all);
    return [=] {
      seconds_of_texts got;
      auto batches = all->batches();
      for (std::size_t i = 0; i < batches.size(); ++i)
        got[all->times()[i].ms() / 1000] = as_texts(batches[i]);
      return got;
    };
  }
  return [out] { return out->batches(); };
}

/// The kept batches of a stream up to that second.
inline std::vector<texts> slice_of(const any_stream& from, std::size_t seconds) {
  return std::visit(
      [&](auto& s) {
        std::vector<texts> out;
        for (auto& b : s.slice(batch_time{0}, batch_time{static_cast<number>(seconds) * 1000}))
          out.push_back(each(b.collect(), [](auto& x) { return text_of(x); }));
        return out;
      },
      from);
}

inline configuration configuration_of(const random_graph& graph) {
  return configuration::defaults()
      .master("local[" + std::to_string(graph.threads) + "]")
      .set("state.hash_seed", static_cast<number>(graph.seed % 1000 + 1))
      .set("stream.default_parallelism", static_cast<number>(graph.parallelism));
}

/// Builds the graph and runs all its batches.
inline void run_to_end(engine& on, basic_stream_context& context, const random_graph& graph,
                       graph_run& result) {
  auto events = std::make_shared<event_log>();
  context.add_listener(events);
  fault trip = graph.output_fails_at_call != 0 ? fault{graph.output_fails_at_call} : fault{};
  auto streams = build(context, graph);
  std::vector<std::function<seconds_of_texts()>> outputs;
  for (auto o : graph.outputs)
    outputs.push_back(std::visit(
        [&](auto& s) { return add_output(s, kind_of_output(graph, outputs.size()), trip); },
        streams[o]));
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
        result.slices[i] = slice_of(streams[i], graph.batches);
    context.stop();
    context.await_termination_for(milliseconds(50));
  } catch (const stream_error& e) {
    result.error = e.what();
  }
  context.stop();
  for (auto& o : outputs)
    result.outputs.push_back(o());
}

inline graph_run run(engine& on, const random_graph& graph) {
  auto context = on.make_context(configuration_of(graph), seconds(1));
  graph_run result;
  try {
    run_to_end(on, *context, graph, result);
  } catch (const stream_error& e) {
    result.error = std::string("the graph cannot be built: ") + e.what();
  } catch (const not_refused& e) {
    result.error = e.how;
  }
  return result;
}

} // namespace millrace::test
