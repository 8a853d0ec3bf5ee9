#include "runtime/engines.hpp"
#include "runtime/random/all_operations.hpp"
#include "runtime/random/difference.hpp"
#include "runtime/random/generator.hpp"
#include "runtime/random/shrink.hpp"
#include "support/seed.hpp"

#include <cstdlib>

using namespace millrace;
using namespace millrace::test;

namespace {

/// MILLRACE_GRAPHS asks for more, or for one alone.
int graphs() {
  const char* text = std::getenv("MILLRACE_GRAPHS");
  return text ? std::atoi(text) : 150;
}

/// The smallest graph that still differs, and how.
std::string explain(const random_graph& graph, const engine_factory& make_engine) {
  auto differs = [&](const random_graph& g) { return difference(g, *make_engine()).has_value(); };
  auto smallest = shrinker{differs}.shrink(graph);
  auto how = difference(smallest, *make_engine());
  return show(smallest) + "\n  " + how.value_or("(not every time)");
}

} // namespace

TEST_CASE("random graphs give what plain code gives, on every runtime") {
  const auto operations = all_random_operations();
  const auto first = seed();
  for (int g = 0, n = graphs(); g < n; ++g) {
    auto graph = generator{first + static_cast<std::uint64_t>(g), operations}.make();
    for (auto& make : all_engines()) {
      auto on = make();
      auto how = difference(graph, *on);
      if (how)
        FAIL("on " << on->name() << ": " << *how << "\nin " << show(graph) << "\nmade smaller:\n"
                   << explain(graph, make));
    }
  }
}
