#include "runtime/engines.hpp"
#include "runtime/random/all_operations.hpp"
#include "runtime/random/difference.hpp"
#include "runtime/random/generator.hpp"
#include "support/seed.hpp"

#include <cstdlib>

using namespace millrace;
using namespace millrace::test;

namespace {

/// MILLRACE_ORDERS asks for more of them.
std::uint64_t orders() {
  const char* text = std::getenv("MILLRACE_ORDERS");
  return text ? std::strtoull(text, nullptr, 10) : 2'000;
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  return lines;
}

std::string first_difference(const std::vector<std::string>& wanted,
                             const std::vector<std::string>& found) {
  std::vector<std::string> missing;
  std::vector<std::string> extra;
  std::ranges::set_difference(wanted, found, std::back_inserter(missing));
  std::ranges::set_difference(found, wanted, std::back_inserter(extra));
  return (missing.empty() ? "" : "missing: " + missing.front() + " ") +
         (extra.empty() ? "" : "too much: " + extra.front());
}

} // namespace

TEST_CASE("whatever the order in which things happen, random graphs give the same, and listeners "
          "are told the same") {
  constexpr std::uint64_t orders_of_one = 20;
  const auto operations = all_random_operations();
  const auto first = seed();
  for (std::uint64_t g = 0; g * orders_of_one < orders(); ++g) {
    auto graph = generator{first + g, operations}.make();
    CAPTURE(show(graph));
    auto in_order = make_inline_engine();
    auto told = sorted(run(*in_order, graph).events);
    for (std::uint64_t order = 0; order < orders_of_one; ++order) {
      auto on = make_simulated_engine(first + g * orders_of_one + order);
      CAPTURE(on->name());
      auto how = difference(graph, *on);
      if (how)
        FAIL(*how);
    }
    if (failing_batch(graph))
      continue; // What comes after a failure is as the order has it.
    auto on = make_simulated_engine(first + g);
    CAPTURE(on->name());
    if (auto found = sorted(run(*on, graph).events); found != told)
      FAIL(first_difference(told, found));
  }
}
