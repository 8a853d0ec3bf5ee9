#include "millrace/base/metrics.hpp"

#include <thread>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

TEST_CASE("counters add up and gauges are replaced, each by name and label") {
  memory_metrics metrics;
  metrics.add("records", "0", 2);
  metrics.add("records", "0", 3);
  metrics.add("records", "1", 7);
  metrics.set("delay", "", 1.5);
  metrics.set("delay", "", 0.5);
  CHECK(metrics.counter("records", "0") == 5);
  CHECK(metrics.counter("records", "1") == 7);
  CHECK(metrics.counter("records") == 0);
  CHECK(metrics.gauge("delay") == 0.5);
  CHECK(metrics.gauge("unknown", "x") == 0.0);
}

TEST_CASE("counters count what several threads add") {
  memory_metrics metrics;
  {
    const auto add = [&] {
      for (int i = 0; i < 1'000; ++i)
        metrics.add("n", "", 1);
    };
    std::jthread a{add};
    std::jthread b{add};
  }
  CHECK(metrics.counter("n") == 2'000);
}

TEST_CASE("the null observer is there and ignores everything") {
  REQUIRE(null_metrics() != nullptr);
  null_metrics()->add("n", "", 1);
  null_metrics()->set("n", "", 1);
}

} // namespace
