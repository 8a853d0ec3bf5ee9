// Feeds a stream from a queue: in each batch, how many of the numbers 1 to 1000 end in each digit.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

#include <chrono>
#include <numeric>
#include <vector>

using namespace millrace;

int main(int argc, char** argv) try {
  std::uint64_t batches = 30;
  apps::example_arguments arguments{"queue_stream",
                                    "Pushes the numbers 1 to 1000 into a queue once a batch "
                                    "interval and counts their last digits."};
  arguments.add("--batches", batches, "How many batches to make", {1, 1'000'000});
  arguments.add_run_for();
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
  const auto begin = std::chrono::steady_clock::now();
  // Waits for a batch interval, but not beyond the time to run; whether that was all.
  const auto over = [&] {
    const duration passed =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    const auto left = options.run_for ? *options.run_for - passed : options.batch;
    return left <= duration{0} || ssc.await_termination_for(left.min(options.batch));
  };
  bool ended = false;
  for (std::uint64_t i = 0; i < batches && !ended; ++i) {
    feed->push(batch<int>{numbers, 10});
    ended = over();
  }
  while (!ended && feed->size() > 0)
    ended = over();
  ssc.stop(stop_mode::graceful);
  return ssc.await_termination();
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
