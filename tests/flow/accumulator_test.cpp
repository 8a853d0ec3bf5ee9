#include "millrace/flow/accumulator.hpp"

#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

static_assert(accumulable<int> && accumulable<double> && accumulable<std::uint8_t>);
static_assert(!accumulable<bool> && !accumulable<long double>);

TEST_CASE("outside of tasks adding counts at once, and to no batch") {
  accumulator<int> sum{"bad records", 10};
  sum.add(5);
  sum += -2;
  auto copy = sum;
  copy.add(1);
  CHECK(sum.value() == 14);
  CHECK(sum.name() == "bad records");
  CHECK_FALSE(sum.in_batch(batch_time{0}));
}

TEST_CASE("in a task adding counts when the task succeeds, for its batch") {
  accumulator<std::int64_t> sum{"sum", 100};
  {
    task_frame failed{batch_time{1000}};
    sum.add(7);
  }
  for (int partition = 0; partition < 2; ++partition) {
    task_frame frame{batch_time{1000}};
    sum.add(2);
    sum.add(3);
    CHECK(sum.value() == 100 + 5 * partition);
    frame.take().count();
  }
  CHECK(sum.value() == 110);
  CHECK(sum.in_batch(batch_time{1000}) == 10);
  CHECK_FALSE(sum.in_batch(batch_time{2000}));
}

TEST_CASE("several accumulators in one task do not mix, also of different types") {
  accumulator<double> mean{"mean"};
  accumulator<std::uint8_t> small{"small"};
  task_frame frame{batch_time{1}};
  for (int i = 0; i < 3; ++i) {
    mean += 0.5;
    small += 100;
  }
  frame.take().count();
  CHECK(mean.in_batch(batch_time{1}) == 1.5);
  CHECK(small.in_batch(batch_time{1}) == std::uint8_t(300 - 256));
}

TEST_CASE("integers wrap") {
  accumulator<std::int64_t> sum{"sum", std::numeric_limits<std::int64_t>::max()};
  sum.add(1);
  CHECK(sum.value() == std::numeric_limits<std::int64_t>::min());
  accumulator<std::int16_t> small{"small"};
  task_frame frame{batch_time{1}};
  small.add(std::numeric_limits<std::int16_t>::max());
  small.add(1);
  frame.take().count();
  CHECK(small.value() == std::numeric_limits<std::int16_t>::min());
}

TEST_CASE("the values of the last 128 batches are kept; the total counts all") {
  accumulator<int> sum{"sum"};
  for (int t = 1; t <= 200; ++t) {
    task_frame frame{batch_time{t}};
    sum.add(t);
    frame.take().count();
  }
  CHECK(sum.value() == 200 * 201 / 2);
  CHECK_FALSE(sum.in_batch(batch_time{72}));
  CHECK(sum.in_batch(batch_time{73}) == 73);
  CHECK(sum.in_batch(batch_time{200}) == 200);
}

TEST_CASE("batches may end in any order: those of the latest times are kept") {
  accumulator<int> sum{"sum"};
  const auto add_in = [&](int t) {
    task_frame frame{batch_time{t}};
    sum.add(t);
    frame.take().count();
  };
  for (int t = 300; t > 0; t -= 3)
    add_in(t);
  for (int t = 1; t <= 300; ++t)
    add_in(t);
  CHECK_FALSE(sum.in_batch(batch_time{172}));
  for (int t = 173; t <= 300; ++t)
    CHECK(sum.in_batch(batch_time{t}) == (t % 3 == 0 ? 2 * t : t));
}

TEST_CASE("threads add at the same time") {
  accumulator<std::int64_t> sum{"sum"};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([sum] {
      for (int i = 0; i < 1000; ++i) {
        sum.add(1);
        task_frame frame{batch_time{i % 10}};
        sum.add(1);
        if (i % 2 == 0)
          frame.take().count();
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(sum.value() == 4 * 1500);
  CHECK(sum.in_batch(batch_time{2}) == 4 * 100);
  CHECK_FALSE(sum.in_batch(batch_time{3}));
}
