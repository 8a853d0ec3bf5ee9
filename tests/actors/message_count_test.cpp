#include "support/job_fixture.hpp"

#include <atomic>
#include <fstream>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

/// Three stages, which follow each other in one task: source, shuffle, gather.
void three_stages(basic_stream_context& context, std::atomic<int>& batches) {
  test_input<int>(context, {}, 1)
      .map([](int x) {
        return std::pair{x % 7, 1};
      })
      .reduce_by_key(std::plus{}, 1)
      .count()
      .for_each_batch([&](const batch<std::int64_t>&) { ++batches; });
}

configuration one_partition() {
  return quick_configuration().set("master", "local[1]").set("stream.default_parallelism", 1);
}

actors::actor_runtime_options by_hand() { return {std::make_shared<manual_clock>(), nullptr}; }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();

/// Freed memory stays with a sanitizer for a while, so that only what is allocated counts.
std::size_t held_bytes() { return __sanitizer_get_current_allocated_bytes(); }
#else
/// Pages of this process in memory, times their size.
std::size_t held_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}
#endif

} // namespace

TEST_CASE("an empty batch of three stages costs six messages") {
  constexpr int n = 1000;
  std::atomic<int> batches = 0;
  actor_job job{one_partition(), seconds(1), by_hand()};
  three_stages(*job.context, batches);
  job.context->start();
  job.runtime->advance(seconds(1));
  CHECK(wait_until([&] { return job.events->completed().size() == 1; }));
  auto before = job.runtime->messages();
  // One at a time, so that no two ticks are announced in one message.
  for (std::size_t i = 0; i < n; ++i) {
    job.runtime->advance(seconds(1));
    CHECK(wait_until([&] { return job.events->completed().size() == i + 2; }));
  }
  CHECK(job.runtime->messages() - before == 6 * n);
  job.context->stop();
}

TEST_CASE("nothing is retained from one batch to the next") {
  std::atomic<int> batches = 0;
  // The log of the test keeps what is said of late batches, which a clock moved in jumps makes.
  actor_job job{one_partition().set("stream.delay_warning", 0), seconds(1), by_hand()};
  job.context->remove_listener(job.events);
  three_stages(*job.context, batches);
  job.context->start();
  auto run = [&](int n) {
    // A few at a time: ticks that nobody waits for would queue up in the mailbox of the clock.
    for (int i = 0; i < n; i += 100) {
      int until = batches + 100;
      job.runtime->advance(seconds(100));
      CHECK(wait_until([&] { return batches == until; }));
    }
  };
  run(5'000);
  auto at_first = held_bytes();
  run(30'000);
  auto at_last = held_bytes();
  CAPTURE(at_first);
  CAPTURE(at_last);
  // 30 bytes for each batch would be 900 kB.
  CHECK(at_last < at_first + 800'000);
  job.context->stop();
}
