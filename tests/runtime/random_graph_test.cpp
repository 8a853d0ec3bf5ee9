#include "runtime/engines.hpp"
#include "runtime/random_operations.hpp"
#include "support/seed.hpp"

#include <list>
#include <random>
#include <sstream>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr int graphs = 60;
constexpr std::size_t most_records = 20'000;

/// One stream of a random graph: an input, an operation on another stream, or the union of two.
struct recipe {
  record_kind kind = of_numbers;
  const random_operation* op = nullptr;
  number parameter = 0;
  std::vector<std::size_t> parents; ///< None: an input.
  std::size_t partitions = 1;       ///< Inputs.
  bool ordered = true;              ///< The order of its records is promised.
  std::vector<any_data> batches;    ///< What the reference says.
};

struct random_graph {
  std::vector<recipe> streams;
  std::vector<std::size_t> outputs;
  std::size_t batches = 0;
  std::size_t parallelism = 1;
};

std::size_t size_of(const any_data& d) {
  return std::visit([](auto& v) { return v.size(); }, d);
}

class generator {
public:
  explicit generator(std::uint64_t seed) : random_{seed} {}

  random_graph make(const std::vector<random_operation>& operations) {
    graph_.batches = 1 + below(4);
    graph_.parallelism = 1 + below(3);
    for (std::size_t i = 0, n = 1 + below(3); i < n; ++i)
      add_input();
    for (std::size_t i = 0, n = 2 + below(11); i < n; ++i)
      below(4) == 0 ? add_union() : add_operation(operations);
    for (std::size_t i = 0, n = 1 + below(3); i < n; ++i)
      graph_.outputs.push_back(i == 0 ? graph_.streams.size() - 1 : below(graph_.streams.size()));
    return std::move(graph_);
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }

  any_data random_batch(record_kind kind) {
    constexpr std::size_t sizes[] = {0, 1, 2, 7, 100, 3000};
    auto n = sizes[below(std::size(sizes))];
    if (kind == of_numbers) {
      numbers out(n);
      for (auto& x : out)
        x = static_cast<number>(below(1 + below(1000)));
      return any_data{std::in_place_index<of_numbers>, std::move(out)};
    }
    texts out(n);
    for (auto& line : out)
      for (std::size_t w = below(6); w > 0; --w)
        line += (below(3) == 0 ? "  a word longer than short" : " w") + std::to_string(below(40));
    return any_data{std::in_place_index<of_views>, std::move(out)};
  }

  void add_input() {
    recipe r;
    r.kind = below(2) == 0 ? of_numbers : of_views;
    r.partitions = 1 + below(4);
    for (std::size_t b = 0; b < graph_.batches; ++b)
      r.batches.push_back(random_batch(r.kind));
    graph_.streams.push_back(std::move(r));
  }

  void add_operation(const std::vector<random_operation>& operations) {
    auto from = below(graph_.streams.size());
    auto& op = operations[below(operations.size())];
    if (op.in != graph_.streams[from].kind)
      return;
    recipe r;
    r.kind = op.out;
    r.op = &op;
    r.parameter = static_cast<number>(1 + below(9));
    r.parents = {from};
    r.ordered = (graph_.streams[from].ordered && op.keeps_order) || op.name == "reduce" ||
                op.name == "count";
    for (auto& b : graph_.streams[from].batches)
      r.batches.push_back(op.evaluate(b, r.parameter));
    keep(std::move(r));
  }

  void add_union() {
    auto left = below(graph_.streams.size());
    auto right = below(graph_.streams.size());
    auto& l = graph_.streams[left];
    auto& r = graph_.streams[right];
    if (l.kind != r.kind)
      return;
    recipe both;
    both.kind = l.kind;
    both.parents = {left, right};
    both.ordered = l.ordered && r.ordered;
    for (std::size_t b = 0; b < graph_.batches; ++b) {
      auto all = l.batches[b];
      auto append = [&](auto index) {
        auto& to = std::get<index>(all);
        auto& more = std::get<index>(r.batches[b]);
        to.insert(to.end(), more.begin(), more.end());
      };
      if (l.kind == of_numbers)
        append(std::integral_constant<std::size_t, of_numbers>{});
      else if (l.kind == of_views)
        append(std::integral_constant<std::size_t, of_views>{});
      else
        append(std::integral_constant<std::size_t, of_texts>{});
      both.batches.push_back(std::move(all));
    }
    keep(std::move(both));
  }

  void keep(recipe r) {
    for (auto& b : r.batches)
      if (size_of(b) > most_records)
        return;
    graph_.streams.push_back(std::move(r));
  }

  std::mt19937_64 random_;
  random_graph graph_;
};

std::string show(const random_graph& graph) {
  std::ostringstream out;
  for (std::size_t i = 0; i < graph.streams.size(); ++i) {
    auto& r = graph.streams[i];
    out << "  s" << i << " = " << (r.op ? r.op->name : r.parents.empty() ? "input" : "union");
    for (auto p : r.parents)
      out << " s" << p;
    out << " a=" << r.parameter << " partitions=" << r.partitions << " sizes";
    for (auto& b : r.batches)
      out << ' ' << size_of(b);
    out << '\n';
  }
  out << "  outputs";
  for (auto o : graph.outputs)
    out << " s" << o;
  out << ", parallelism " << graph.parallelism;
  return out.str();
}

any_stream make_input(basic_stream_context& context, const recipe& r) {
  if (r.kind == of_numbers) {
    test_batches<number> in;
    for (auto& b : r.batches)
      in.emplace_back(std::get<of_numbers>(b));
    return any_stream{std::in_place_index<of_numbers>, test_input(context, in, r.partitions)};
  }
  test_batches<std::string_view> in;
  for (auto& b : r.batches)
    in.emplace_back(
        std::vector<std::string_view>{std::get<of_views>(b).begin(), std::get<of_views>(b).end()});
  return any_stream{std::in_place_index<of_views>, test_input(context, in, r.partitions)};
}

std::vector<any_stream> build(basic_stream_context& context, const random_graph& graph) {
  std::vector<any_stream> made;
  for (auto& r : graph.streams) {
    if (r.op)
      made.push_back(r.op->build(made[r.parents[0]], r.parameter));
    else if (r.parents.empty())
      made.push_back(make_input(context, r));
    else
      made.push_back(std::visit(
          [&](auto& left) -> any_stream {
            return left.union_with(std::get<std::decay_t<decltype(left)>>(made[r.parents[1]]));
          },
          made[r.parents[0]]));
  }
  return made;
}

/// The batches of each output, numbers and texts alike as text.
std::vector<std::vector<texts>> run(engine& on, const random_graph& graph) {
  auto context = on.make_context(
      test_configuration().set("stream.default_parallelism", graph.parallelism), seconds(1));
  std::list<collector<number>> number_outputs;
  std::list<collector<std::string>> text_outputs;
  std::vector<std::function<std::vector<texts>()>> read;
  auto streams = build(*context, graph);
  for (auto o : graph.outputs) {
    if (auto* s = std::get_if<of_numbers>(&streams[o])) {
      auto& to = number_outputs.emplace_back();
      s->collect_into(to);
      read.emplace_back([&to] {
        return each(to.batches(),
                    [](auto& b) { return each(b, [](number x) { return std::to_string(x); }); });
      });
      continue;
    }
    auto& to = text_outputs.emplace_back();
    streams[o].index() == of_views ? std::get<of_views>(streams[o]).collect_into(to)
                                   : std::get<of_texts>(streams[o]).collect_into(to);
    read.emplace_back([&to] { return to.batches(); });
  }
  context->start();
  on.advance(seconds(static_cast<std::int64_t>(graph.batches)));
  auto complete = [&] {
    return std::ranges::all_of(read, [&](auto& r) { return r().size() >= graph.batches; });
  };
  CHECK(wait_until([&] { return complete() || context->await_termination_for(duration{0}); }));
  context->stop();
  return each(read, [](auto& r) { return r(); });
}

texts expected_batch(const any_data& d) {
  if (auto* n = std::get_if<of_numbers>(&d))
    return each(*n, [](number x) { return std::to_string(x); });
  return d.index() == of_views ? std::get<of_views>(d) : std::get<of_texts>(d);
}

texts sorted(texts in) {
  std::ranges::sort(in);
  return in;
}

} // namespace

TEST_CASE("random graphs give what plain code gives, on every runtime") {
  const auto operations = all_random_operations();
  for (int g = 0; g < graphs; ++g) {
    auto graph = generator{seed() + static_cast<std::uint64_t>(g)}.make(operations);
    on_all_engines([&](engine& on) {
      INFO("graph " << g << ":\n" << show(graph));
      auto got = run(on, graph);
      for (std::size_t o = 0; o < graph.outputs.size(); ++o) {
        auto& stream = graph.streams[graph.outputs[o]];
        REQUIRE(got[o].size() == graph.batches);
        for (std::size_t b = 0; b < graph.batches; ++b) {
          auto expected = expected_batch(stream.batches[b]);
          CAPTURE(o);
          CAPTURE(b);
          CHECK(sorted(got[o][b]) == sorted(expected));
          if (stream.ordered)
            CHECK(got[o][b] == expected);
        }
      }
    });
  }
}
