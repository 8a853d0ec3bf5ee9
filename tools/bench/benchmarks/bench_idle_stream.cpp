#include "suite/bench_job.hpp"
#include "suite/registry.hpp"

#include <functional>
#include <malloc.h>

namespace millrace::bench {

namespace {

struct footprint {
  double heap = 0;
  double resident = 0;

  friend footprint operator-(footprint a, footprint b) {
    return {a.heap - b.heap, a.resident - b.resident};
  }
  friend footprint operator/(footprint a, double n) { return {a.heap / n, a.resident / n}; }
};

footprint now() {
  return {static_cast<double>(heap_bytes()), static_cast<double>(resident_bytes())};
}

struct idle_footprints {
  footprint fresh; ///< After a batch without records.
  footprint used;  ///< After a batch with records.
  footprint idle;  ///< After two more batches without records.
};

/// What a job of `streams` streams takes: two stages each, or three with `third_stage`.
idle_footprints measure(int streams, bool third_stage) {
  ::malloc_trim(0); // Else what an earlier job freed would be used again and not seen as resident.
  const auto before = now();
  std::vector<std::shared_ptr<batch_feed<int>>> feeds;
  progress_counter done;
  bench_job job{bench_configuration(1), seconds(1), bench_job::clock_kind::by_hand};
  for (int i = 0; i < streams; ++i) {
    feeds.push_back(std::make_shared<batch_feed<int>>());
    auto counts = job.context()
                      .queue_stream<int>(feeds.back())
                      .map([](int n) {
                        return std::pair{n % 10, 1};
                      })
                      .filter([](const std::pair<int, int>& p) { return p.first != 3; })
                      .reduce_by_key(std::plus{});
    if (third_stage)
      counts = counts.reduce_by_key(std::plus{});
    counts.for_each_batch([&done](const batch<std::pair<int, int>>& b) { done.add(b.size() + 1); });
  }
  job.start();
  job.tick();
  const auto n = static_cast<std::uint64_t>(streams);
  job.wait(done, n);
  idle_footprints out;
  out.fresh = now() - before;
  for (auto& feed : feeds)
    feed->push(batch<int>{1, 2, 3});
  job.tick();
  job.wait(done, n * (1 + 1 + 2));
  out.used = now() - before;
  for (std::uint64_t more : {1, 2}) {
    job.tick();
    job.wait(done, n * (1 + 1 + 2 + more));
  }
  out.idle = now() - before;
  job.stop();
  return out;
}

} // namespace

void bench_idle_stream(report& to, const run_options& options) {
  constexpr double most_per_stream = 64, most_per_actor = 4;
  const int streams = options.choose(1000, 20);
  const auto one = measure(1, false);
  const auto two_stages = measure(streams, false);
  const auto three_stages = measure(streams, true);
  const double n = streams - 1;
  auto kib = [](double bytes) { return bytes / 1024; };
  const auto fresh = (two_stages.fresh - one.fresh) / n;
  to.add("b20/stream/heap", kib(fresh.heap), most_per_stream, "KiB");
  to.add("b20/stream/resident", kib(fresh.resident), most_per_stream, "KiB");
  const auto used = (two_stages.used - one.used) / n, idle = (two_stages.idle - one.idle) / n;
  to.add("b20/stream/heap-after-records", kib(used.heap), most_per_stream, "KiB");
  to.add("b20/stream/heap-idle-again", kib(idle.heap), most_per_stream, "KiB");
  const auto actor = (three_stages.fresh - two_stages.fresh) / streams;
  to.add("b20/stage-partition/heap", kib(actor.heap), most_per_actor, "KiB");
}

} // namespace millrace::bench
