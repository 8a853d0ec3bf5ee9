#pragma once

#include "runtime/event_log.hpp"
#include "runtime/random/graph.hpp"
#include "support/engine.hpp"

#include <mutex>

namespace millrace::test {

/// What an output got, by second. Thread-safe.
class tap {
public:
  void take(number second, texts records) {
    std::lock_guard guard{mutex_};
    batches_[second] = std::move(records);
  }
  std::map<number, texts> batches() const {
    std::lock_guard guard{mutex_};
    return batches_;
  }

private:
  mutable std::mutex mutex_;
  std::map<number, texts> batches_;
};

struct graph_run {
  std::optional<std::string> error; ///< What the job reported.
  std::vector<std::map<number, texts>> outputs;
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

inline any_stream make_input(basic_stream_context& context, const recipe& r) {
  switch (r.kind) {
  case of_views: return make_input_of<of_views>(context, r);
  case of_pairs: return make_input_of<of_pairs>(context, r);
  default: return make_input_of<of_numbers>(context, r);
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

inline std::shared_ptr<tap> add_output(const any_stream& to, const fault& trip) {
  auto out = std::make_shared<tap>();
  std::visit(
      [&](auto& s) {
        using record = owned_t<typename std::decay_t<decltype(s)>::value_type>;
        s.for_each_batch([out, trip](const batch<record>& b, batch_time t) {
          trip();
          out->take(t.ms() / 1000, each(b.collect(), [](auto& x) { return text_of(x); }));
          trip();
        });
      },
      to);
  return out;
}

inline graph_run run(engine& on, const random_graph& graph) {
  auto conf = configuration::defaults()
                  .master("local[" + std::to_string(graph.threads) + "]")
                  .set("state.hash_seed", static_cast<number>(graph.seed % 1000 + 1))
                  .set("stream.default_parallelism", static_cast<number>(graph.parallelism));
  auto context = on.make_context(std::move(conf), seconds(1));
  auto events = std::make_shared<event_log>();
  context->add_listener(events);
  fault trip = graph.output_fails_at_call != 0 ? fault{graph.output_fails_at_call} : fault{};
  std::vector<std::shared_ptr<tap>> taps;
  graph_run result;
  try {
    auto streams = build(*context, graph);
    for (auto o : graph.outputs)
      taps.push_back(add_output(streams[o], trip));
    context->start();
    on.advance(parameters::in_seconds(graph.batches));
    bool ended = wait_until([&] {
      return context->await_termination_for(duration{0}) ||
             (!failing_batch(graph) && events->completed().size() >= graph.batches);
    });
    if (!ended)
      result.error = "the job does not come to an end";
    context->stop();
    context->await_termination_for(milliseconds(50));
  } catch (const stream_error& e) {
    result.error = e.what();
  } catch (const not_refused& e) {
    result.error = e.how;
  }
  context->stop();
  for (auto& t : taps)
    result.outputs.push_back(t->batches());
  return result;
}

} // namespace millrace::test
