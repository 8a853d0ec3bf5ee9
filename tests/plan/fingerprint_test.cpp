#include "millrace/plan/fingerprint.hpp"
#include "plan/plan_harness.hpp"

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using pair = std::pair<int, int>;

template <class Build>
std::uint64_t fingerprint_of(Build build, std::uint32_t parallelism = 2) {
  auto graph = graph_of(build);
  return fingerprint(make_plan(graph, parallelism), operator_uids{*graph});
}

constexpr auto keyed = [](int x) { return pair{x, x}; };

void sums(basic_stream_context& c, std::uint32_t partitions, const std::string& name) {
  auto made = any_input<int>(c).map(keyed).reduce_by_key(std::plus{}, partitions);
  if (!name.empty())
    made.name(name);
  made.print();
}

} // namespace

TEST_CASE("the fingerprint of a graph is that of the same graph made again") {
  auto first = fingerprint_of([](auto& c) { sums(c, 3, ""); });
  auto second = fingerprint_of([](auto& c) {
    any_input<int>(c).map([](int x) { return pair{x, 0}; }).reduce_by_key(std::plus{}, 3).print();
  });
  CHECK(first == second);
}

TEST_CASE("what makes another fingerprint") {
  auto plain = fingerprint_of([](auto& c) { sums(c, 3, ""); });
  CHECK(plain != fingerprint_of([](auto& c) { sums(c, 4, ""); }));
  CHECK(plain != fingerprint_of([](auto& c) { sums(c, 3, "sums"); }));
  CHECK(plain != fingerprint_of([](auto& c) { sums(c, 3, ""); }, 4));
  CHECK(plain != fingerprint_of([](auto& c) {
          sums(c, 3, "");
          any_input<int>(c).print();
        }));
  auto with_type = [](auto zero) {
    return fingerprint_of([zero](auto& c) {
      any_input<int>(c)
          .map([zero](int x) {
            return std::pair{x, zero};
          })
          .reduce_by_key(std::plus{}, 3)
          .print();
    });
  };
  CHECK(plain == with_type(0));
  CHECK(plain != with_type(0.0));
  auto versioned = [](std::uint32_t version) {
    return fingerprint_of([version](auto& c) {
      any_input<int>(c).window(seconds(2)).state_version(version).print();
    });
  };
  CHECK(versioned(1) != versioned(2));
  auto sliding = [](duration slide) {
    return fingerprint_of(
        [slide](auto& c) { any_input<int>(c).window(seconds(6), slide).print(); });
  };
  CHECK(sliding(seconds(2)) != sliding(seconds(3)));
  auto narrow_behind_a_name = [](auto f) {
    return fingerprint_of([f](auto& c) { f(any_input<int>(c)).count().name("n").print(); });
  };
  CHECK(narrow_behind_a_name([](auto s) { return s; }) !=
        narrow_behind_a_name([](auto s) { return s.map([](int x) { return x; }); }));
}

TEST_CASE("the text of a fingerprint has a line for each part of the plan") {
  auto graph = graph_of([](auto& c) {
    auto in = any_input<int>(c).name("in");
    in.map(keyed).reduce_by_key(std::plus{}, 3).name("sums").print().name("out");
  });
  CHECK(fingerprint_text(make_plan(graph, 2), operator_uids{*graph}) ==
        "stage 0 in input_stream i32 partitions 2 slide 1000 ms\n"
        " step  map (i32,i32) 0 0\n"
        "  step sums reduce_by_key (i32,i32) 0 0\n"
        " edge stage 1 parent 0 group 0 partitions 3 each to each\n"
        "stage 1 sums reduce_by_key (i32,i32) partitions 3 slide 1000 ms\n"
        " step out print (i32,i32) 0 0\n"
        " edge output 0 group 0\n"
        "output 0 out print (i32,i32) slots 3\n");
}
