#include "millrace/flow/collector.hpp"

#include <thread>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("a collector keeps batches in the order of their arrival, with partitions") {
  collector<int> c;
  CHECK(c.size() == 0);
  c.add(batch_time{1000}, {{1, 2}, {}, {3}});
  c.add(batch_time{2000}, {});
  CHECK(c.size() == 2);
  CHECK(c.times() == std::vector{batch_time{1000}, batch_time{2000}});
  CHECK(c.batches() == std::vector<std::vector<int>>{{1, 2, 3}, {}});
  CHECK(c.partitions()[0] == std::vector<std::vector<int>>{{1, 2}, {}, {3}});
}

TEST_CASE("waiting for batches: true when they come, false when they do not") {
  collector<int> c;
  CHECK(c.wait_for(0, std::chrono::milliseconds(0)));
  CHECK_FALSE(c.wait_for(1, std::chrono::milliseconds(1)));
  std::jthread adder{[&] {
    for (int i = 0; i < 100; ++i)
      c.add(batch_time{i}, {{i}});
  }};
  CHECK(c.wait_for(100, std::chrono::seconds(20)));
}
