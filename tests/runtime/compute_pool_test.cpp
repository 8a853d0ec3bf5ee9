#include "millrace/actors/compute/compute_pool.hpp"
#include "millrace/flow/accumulator.hpp"
#include "millrace/flow/broadcast.hpp"

#include <optional>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("calls of one task on several threads belong to that task") {
  actors::compute_pool pool{3, nullptr};
  accumulator<int> sum{"sum"};
  broadcast<int> rules{0};
  int expected = 0;
  for (int t = 0; t < 300; ++t) {
    task_frame task{batch_time{t}};
    rules.update(t);
    std::vector<int> seen(8, -1);
    try {
      pool.run_all(seen.size(), [&](std::size_t i) {
        sum.add(static_cast<int>(i));
        seen[i] = rules.value();
        if (i == 0)
          rules.update(-1);
        if (t % 3 == 0 && i == 5)
          throw std::runtime_error("not this one");
      });
      task.take().count();
      expected += 28;
      CHECK(sum.in_batch(batch_time{t}) == 28);
    } catch (const std::runtime_error&) {
      CHECK_FALSE(sum.in_batch(batch_time{t}));
    }
    // The first of them to ask decides for all.
    CHECK(seen == std::vector<int>(8, seen[0]));
  }
  CHECK(sum.value() == expected);
}

TEST_CASE("outside of tasks the calls are outside too") {
  actors::compute_pool pool{2, nullptr};
  accumulator<int> sum{"sum"};
  pool.run_all(100, [&](std::size_t) {
    CHECK_FALSE(task_frame::current());
    sum.add(1);
  });
  CHECK(sum.value() == 100);
}
