#include "millrace/flow/accumulator.hpp"
#include "millrace/flow/broadcast.hpp"
#include "support/memory_shortage.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

TEST_CASE("in a task adding to an accumulator needs no memory after the first time, nor does "
          "counting it") {
  const accumulator<int> sum{"sum"};
  const accumulator<double> mean{"mean"};
  for (int t = 1; t <= 200; ++t) {
    task_frame frame{batch_time{t}};
    sum.add(1);
    mean.add(0.5);
    task_additions added;
    const memory_shortage none{0};
    for (int i = 0; i < 100; ++i) {
      sum.add(1);
      mean += 0.5;
    }
    added = frame.take();
    added.count();
  }
  CHECK(sum.value() == 200 * 101);
  CHECK(sum.in_batch(batch_time{200}) == 101);
  CHECK(mean.value() == 200 * 50.5);
}

TEST_CASE("in a task the value of a broadcast needs no memory after the first time") {
  const broadcast<std::string> rules{"one"};
  task_frame frame{batch_time{1}};
  CHECK(*rules == "one");
  std::size_t length = 0;
  {
    const memory_shortage none{0};
    for (int i = 0; i < 100; ++i)
      length += rules->size();
  }
  CHECK(length == 300);
}
