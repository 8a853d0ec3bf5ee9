// Feeds a stream from a queue: in each batch, how many of the numbers 1 to 1000 end in each digit.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

#include <numeric>
#include <vector>

using namespace millrace;

int main(int argc, char** argv) try {
  std::uint64_t batches = 30;
  apps::example_arguments arguments{"queue_stream",
                                    "Pushes the numbers 1 to 1000 into a queue once a batch "
                                    "interval and counts their last digits."};
  arguments.add("--batches", batches, "How many batches to make", {1, 1'000'000});
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  auto feed = std::make_shared<batch_feed<int>>();
  ssc.queue_stream(feed)
      .map([](int x) { return std::pair(x % 10, 1); })
      .reduce_by_key(std::plus{})
      .print(options.shown);
  ssc.start();

  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  bool stopped = false;
  for (std::uint64_t i = 0; i < batches && !stopped; ++i) {
    feed->push(batch<int>{numbers, 10});
    stopped = ssc.await_termination_for(options.batch);
  }
  while (!stopped && feed->size() > 0)
    stopped = ssc.await_termination_for(options.batch);
  ssc.stop(stop_mode::graceful);
  return ssc.await_termination();
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
