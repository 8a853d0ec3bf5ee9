#include "millrace/plan/operator_uid.hpp"
#include "plan/plan_harness.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<int, int>;
using text_pair = std::pair<std::string_view, std::int64_t>;

constexpr auto plus_one = [](int x) { return x + 1; };
constexpr auto keyed = [](int x) { return pair{x, x}; };
constexpr auto sum = [](std::vector<int> values, std::optional<int> old) -> std::optional<int> {
  return static_cast<int>(values.size()) + old.value_or(0);
};
constexpr auto nothing = [](const auto&) {};

/// Nodes of a program by what its author thinks of them as.
using marks = std::map<std::string, node_ptr>;
using program = std::function<marks(basic_stream_context&)>;

/// The node that was made last.
template <class T>
node_ptr last(const dstream<T>& any) {
  return stream_access::builder(any)->graph().nodes().back();
}

std::map<std::string, std::string> uids_of(const program& write) {
  marks marked;
  auto graph = graph_of([&](auto& context) { marked = write(context); });
  const operator_uids uids{*graph};
  std::map<std::string, std::string> found;
  for (auto& [mark, n] : marked)
    found[mark] = uids.of(*n);
  return found;
}

/// Where the edited programs differ from one that counts numbers by key, and all of them.
struct variation {
  bool equal_in_front = false;
  bool other_in_front = false;
  bool map_before_state = false;
  bool map_before_count = false;
  bool count_first = false;
  bool one_output_more = false;
  std::string input_name = {};
  std::string state_name = {};
  std::string output_name = {};
};

marks numbers(basic_stream_context& context, const variation& v) {
  marks made;
  if (v.equal_in_front)
    any_input<int>(context).for_each_batch(nothing);
  if (v.other_in_front)
    context.rate_stream(1).for_each_batch(nothing);
  auto in = any_input<int>(context);
  if (!v.input_name.empty())
    in.name(v.input_name);
  made["input"] = stream_access::node(in);
  auto write_state = [&] {
    auto s = v.map_before_state ? in.map(plus_one) : in;
    auto state = s.map(keyed).update_state_by_key<int>(sum);
    if (!v.state_name.empty())
      state.name(v.state_name);
    made["state"] = stream_access::node(state);
    auto out = state.for_each_batch(nothing);
    if (!v.output_name.empty())
      out.name(v.output_name);
    made["state output"] = last(in);
  };
  auto write_count = [&] {
    auto s = v.map_before_count ? in.map(plus_one) : in;
    auto count = s.count();
    made["count"] = stream_access::node(count);
    count.for_each_batch(nothing);
    made["count output"] = last(in);
  };
  v.count_first ? write_count() : write_state();
  v.count_first ? write_state() : write_count();
  if (v.one_output_more)
    in.print();
  return made;
}

/// The same as `numbers` without variations, with other names of C++ and in another order of lines.
marks renamed(basic_stream_context& renamed_context) {
  marks m;
  auto source = any_input<int>(renamed_context);
  m["input"] = stream_access::node(source);
  auto how_many = source.count();
  m["count"] = stream_access::node(how_many);

  auto pairs = source.map([](int number) { return pair{number, 2 * number}; });
  auto totals = pairs.update_state_by_key<int>(sum);
  m["state"] = stream_access::node(totals);
  totals.for_each_batch(nothing);
  m["state output"] = last(source);
  how_many.for_each_batch(nothing);
  m["count output"] = last(source);
  return m;
}

} // namespace

TEST_CASE("which edits of a program keep which uids: table") {
  const std::set<std::string> all{"input", "state", "state output", "count", "count output"};
  const auto written = [](variation v) {
    return [v](basic_stream_context& context) { return numbers(context, v); };
  };
  struct row {
    const char* edit;
    variation before;
    program after;
    std::set<std::string> lost;
  };
  for (const auto& [edit, before, after, lost] : std::vector<row>{
           {"none", {}, written({}), {}},
           {"variables of C++ renamed, functions changed, lines moved", {}, renamed, {}},
           {"outputs reordered", {}, written({.count_first = true}), {}},
           {"an output added", {}, written({.one_output_more = true}), {}},
           {"another kind of stream in front", {}, written({.other_in_front = true}), {}},
           {"an equal stream in front", {}, written({.equal_in_front = true}), {"input"}},
           {"an equal stream in front of a named one",
            {.input_name = "in"},
            written({.equal_in_front = true, .input_name = "in"}),
            {}},
           {"a map inserted before the state",
            {},
            written({.map_before_state = true}),
            {"state", "state output"}},
           {"a map inserted before the count",
            {},
            written({.map_before_count = true}),
            {"count", "count output"}},
           {"a map inserted before a named state",
            {.state_name = "totals"},
            written({.map_before_state = true, .state_name = "totals"}),
            {}},
           {"a map inserted before a named output",
            {.output_name = "report"},
            written({.map_before_state = true, .output_name = "report"}),
            {"state"}},
           {"the input named", {}, written({.input_name = "in"}), all},
           {"the state named", {}, written({.state_name = "totals"}), {"state", "state output"}},
           {"the output named", {}, written({.output_name = "report"}), {"state output"}},
           {"the state named otherwise",
            {.state_name = "totals"},
            written({.state_name = "sums"}),
            {"state", "state output"}}}) {
    CAPTURE(edit);
    auto old_uids = uids_of(written(before));
    auto new_uids = uids_of(after);
    for (auto& mark : all) {
      CAPTURE(mark);
      CHECK(!old_uids.at(mark).empty());
      CHECK((old_uids.at(mark) != new_uids.at(mark)) == lost.contains(mark));
    }
  }
}

TEST_CASE("a uid is the name, or else the operation and its path, the same in every build") {
  auto plain = uids_of([](auto& c) { return numbers(c, {}); });
  CHECK(plain == std::map<std::string, std::string>{{"input", "input_stream#be3d5813"},
                                                    {"state", "update_state_by_key#63a58d53"},
                                                    {"state output", "for_each_batch#083171d3"},
                                                    {"count", "count#f5a20fd3"},
                                                    {"count output", "for_each_batch#631d6c23"}});
  auto named = uids_of([](auto& c) {
    return numbers(c, {.input_name = "in", .state_name = "totals", .output_name = "report"});
  });
  CHECK(named.at("input") == "in");
  CHECK(named.at("state") == "totals");
  CHECK(named.at("state output") == "report");
}

TEST_CASE("equal paths are told apart by an ordinal, which passes over names") {
  auto graph = graph_of([](auto& c) {
    auto in = any_input<int>(c).name("in");
    in.print();
    in.print();
    in.print();
  });
  const operator_uids uids{*graph};
  auto base = uids.of(*graph->outputs()[0]);
  CHECK(base.starts_with("print#"));
  CHECK(uids.of(*graph->outputs()[1]) == base + "-2");
  CHECK(uids.of(*graph->outputs()[2]) == base + "-3");
  auto taken = graph_of([&](auto& c) {
    auto in = any_input<int>(c).name("in");
    in.print();
    in.print();
    in.print(1).name(base + "-2");
  });
  const operator_uids others{*taken};
  CHECK(others.of(*taken->outputs()[0]) == base);
  CHECK(others.of(*taken->outputs()[1]) == base + "-3");
  CHECK(others.of(*taken->outputs()[2]) == base + "-2");
}

TEST_CASE("narrow operations have a uid only by name, and streams that no output needs have none") {
  node_ptr named, unnamed, unneeded;
  auto graph = graph_of([&](auto& c) {
    auto in = any_input<int>(c);
    auto a = in.map(plus_one);
    auto b = a.map(plus_one).name("b");
    b.print();
    unnamed = stream_access::node(a);
    named = stream_access::node(b);
    unneeded = stream_access::node(in.count().name("never computed"));
  });
  const operator_uids uids{*graph};
  CHECK(uids.of(*named) == "b");
  CHECK(uids.of(*unnamed).empty());
  CHECK(uids.of(*unneeded).empty());
}

TEST_CASE("the name of an operation is that of the state inside it") {
  auto graph = graph_of([&](auto& c) {
    auto pairs = any_input<pair>(c);
    pairs.map_with_state(state_spec<int>([](int, std::optional<int> v, state<int>&) { return *v; }))
        .name("mapped")
        .print();
    pairs.group_by_key_and_window(seconds(2)).name("grouped").print();
    any_input<int>(c).top_k_by_window(3, std::identity{}, seconds(2)).name("top").print();
  });
  const operator_uids uids{*graph};
  std::map<std::string, std::string> states;
  for (auto& n : graph->nodes())
    if (n->keeps_state())
      states[n->info()->operation] = uids.of(*n);
  CHECK(states == std::map<std::string, std::string>{{"map_with_state", "mapped"},
                                                     {"window", "grouped/window"},
                                                     {"top_k_by_window", "top/top_k_by_window"}});
}

TEST_CASE("two equal names are an error that names both places") {
  unsigned line = 0;
  auto message = [](auto write) {
    try {
      graph_of(write);
    } catch (const stream_error& e) {
      CHECK(e.code() == errc::invalid_argument);
      return std::string{e.what()};
    }
    return std::string{};
  };
  auto text = message([&](auto& c) {
    line = std::source_location::current().line();
    auto words = any_input<int>(c).map(plus_one).name("words");
    words.print().name("words");
  });
  CHECK(text == "the name \"words\" is given twice, to map \"words\" at operator_uid_test.cpp:" +
                    std::to_string(line + 1) +
                    " and to print \"words\" at operator_uid_test.cpp:" + std::to_string(line + 2) +
                    ": names of streams and outputs are unique within a job, so give one of them "
                    "another");
  CHECK(message([&](auto& c) {
          any_input<pair>(c).group_by_key_and_window(seconds(2)).name("a").print().name("a/window");
        }).find("the name \"a/window\" is given twice, to window at") == 0);
  CHECK(message([&](auto& c) { any_input<int>(c).name("a").print().name("b"); }).empty());
}

TEST_CASE("schemas: operation, element types that last, and a version where there is state") {
  auto graph = graph_of([](auto& c) {
    auto words = any_input<std::string_view>(c);
    words.window(seconds(2)).state_version(7).print();
    auto counts = words.map([](std::string_view w) { return text_pair{w, 1}; });
    counts.reduce_by_key(std::plus{}).print();
    counts.template update_state_by_key<double>([](auto, std::optional<double> s) { return s; })
        .print();
    auto tail = [](const std::string_view&, std::optional<std::int64_t>, state<float>&) {
      return 'x';
    };
    counts.map_with_state(state_spec<float>(tail)).state_version(2).print();
    any_input<int>(c).top_k_by_window(3, std::negate{}, seconds(2)).state_version(3).print();
    counts.reduce_by_key_and_window(std::plus{}, seconds(2)).print();
    counts.assign_timestamps([](auto&) { return event_time{1}; }, seconds(1))
        .window(window_spec::tumbling(seconds(1)))
        .reduce_by_key(std::plus{})
        .print();
  });
  std::vector<std::string> found;
  for (auto& n : graph->nodes())
    if (n->role() == node_role::exchange)
      found.push_back(to_string(schema_of(*n)));
  CHECK(found == std::vector<std::string>{
                     "window text v7", "reduce_by_key (text,i64)",
                     "update_state_by_key (text,f64) v1", "map_with_state (text,f32) v2",
                     "top_k_by_window top_k<i32> v3", "reduce_by_key_and_window (text,i64) v1",
                     "reduce_by_key (text,windowed<i64>) v1"});
  CHECK(to_string(schema_of(*graph->outputs()[1])) == "print (text,i64)");
}

TEST_CASE("a version of a state is refused where there is none, and when it is 0") {
  auto refused = [](auto write) {
    try {
      graph_of(write);
    } catch (const stream_error& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  CHECK(refused([](auto& c) {
          any_input<int>(c).map(plus_one).state_version(2).print();
        }).find(": map at operator_uid_test.cpp:") != std::string::npos);
  CHECK(refused([](auto& c) {
          any_input<int>(c).window(seconds(2)).state_version(0).print();
        }).find("the version is 0; it must be at least 1") != std::string::npos);
}
