// Spark's RateLimiterSuite, RateControllerSuite and the throttling of ReceiverSuite, on both
// runtimes. What RateControllerSuite tests of a rate estimator comes with the estimator; its
// RateLimitedOutputStreamSuite is about a helper of its tests that Millrace does not have (the load
// generator's pace has tests of its own).
#include "runtime/receivers/receiver_job.hpp"

#include <numeric>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

configuration limited(int max_rate) {
  return test_configuration()
      .set("stream.receiver_max_rate", max_rate)
      .set("stream.block_interval", "100ms");
}

/// Stores 0, 1, 2 ... as fast as it may, from a thread of its own.
struct flood {
  explicit flood(probe& p) {
    p.at_start = [this](receiver<int>& r) {
      source = std::jthread{[this, &r](std::stop_token stop) {
        while (!stop.stop_requested() && r.store(stored))
          ++stored;
      }};
    };
    p.at_stop = [this](receiver<int>&) {
      source.request_stop();
      source.join();
    };
  }

  std::atomic<int> stored = 0;
  std::jthread source;
};

} // namespace

TEST_CASE("RateLimiterSuite: a new rate holds up to the configured maximum") {
  for (auto [max_rate, holds] : {std::pair{0, 105}, {110, 105}, {100, 100}})
    on_all_engines([&, max_rate = max_rate, holds = holds](engine& on) {
      probe p;
      receiver_job job{on, p, limited(max_rate)};
      auto& runtime = on.its_runtime();
      CHECK(runtime.rate_limit(stream_id{0}) ==
            (max_rate == 0 ? std::nullopt : std::optional<std::int64_t>{max_rate}));
      runtime.update_rate(stream_id{0}, 105);
      CHECK(wait_until([&] { return runtime.rate_limit(stream_id{0}) == holds; }));
      for (double useless : {0.0, -1.0})
        runtime.update_rate(stream_id{0}, useless);
      runtime.update_rate(stream_id{7}, 1);
      CHECK_FALSE(runtime.rate_limit(stream_id{7}));
      job.drain();
      CHECK(runtime.rate_limit(stream_id{0}) == holds);
      runtime.update_rate(stream_id{0}, 50);
    });
}

TEST_CASE("a rate that is told before the start has returned is ignored") {
  struct early final : listener {
    explicit early(runtime& which) : on{which} {}
    void on_streaming_started(batch_time) override { on.update_rate(stream_id{0}, 5); }
    runtime& on;
  };
  on_all_engines([](engine& on) {
    const bool in_start = on.name() != "actors"; // There listeners have a thread of their own.
    probe p;
    auto context = on.make_context(limited(0), seconds(1));
    if (in_start)
      context->add_listener(std::make_shared<early>(on.its_runtime()));
    context->receiver_stream([&p] { return std::make_shared<probed_receiver>(p); })
        .for_each_batch([](const batch<int>&) {});
    on.its_runtime().update_rate(stream_id{0}, 5);
    context->start();
    CHECK_FALSE(on.its_runtime().rate_limit(stream_id{0}));
    on.its_runtime().update_rate(stream_id{0}, 7);
    CHECK(wait_until([&] { return on.its_runtime().rate_limit(stream_id{0}) == 7; }));
    context->stop();
  });
}

TEST_CASE("RateControllerSuite: every new rate reaches the receiver") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, limited(0), milliseconds(50)};
    for (std::int64_t rate : {100, 200, 300}) {
      on.its_runtime().update_rate(stream_id{0}, static_cast<double>(rate));
      CHECK(wait_until([&] { return on.its_runtime().rate_limit(stream_id{0}) == rate; }));
    }
    job.context().stop();
  });
}

TEST_CASE("ReceiverSuite, throttling: 1001 records a second in 20 blocks of 100 ms") {
  on_all_engines([](engine& on) {
    constexpr int blocks = 20;
    probe p;
    flood source{p};
    // A batch for each block interval shows what is in the block.
    receiver_job job{on, p, limited(1001), milliseconds(100)};
    CHECK(wait_until([&] { return p.starts == 1; }));
    auto advance_to = [&, now = 0](int ms) mutable {
      on.advance(milliseconds(ms - std::exchange(now, ms)));
      // Grants are of 10 records, so this many and no more may be stored now.
      auto allowed = ms * 1001 / 10'000 * 10;
      CHECK(wait_until([&] { return source.stored >= allowed; }));
      CHECK(source.stored == allowed);
    };
    for (int i = 1; i <= blocks; ++i) {
      // Nearly all of the records of a block are there before it is cut.
      advance_to(100 * i - 1);
      advance_to(100 * i);
      CHECK(job.out().wait_for(static_cast<std::size_t>(i), patience));
    }
    CHECK(std::abs(source.stored - 1001 * 2) <= 1001 * 2 / 20);
    // A cut that finds the receiver storing is made after that record, and may miss the batch.
    std::size_t received = 0;
    for (auto& block : job.out().batches()) {
      CHECK(block.size() <= 2 * 105);
      received += block.size();
    }
    CHECK(received >= (blocks - 1) * 95);
    CHECK(received <= blocks * 105);
    job.drain();
    std::vector<int> all(static_cast<std::size_t>(source.stored));
    std::iota(all.begin(), all.end(), 0);
    CHECK(job.received() == all);
  });
}

TEST_CASE(
    "a restart and a stop do not wait for the permits that a thread of the receiver waits for") {
  on_all_engines([](engine& on) {
    probe p;
    flood source{p};
    receiver_job job{on, p, limited(1).set("receiver.restart_delay", "100ms")};
    CHECK(job.advance_until([&] { return source.stored >= 2; }));
    p.live.load()->restart("again");
    CHECK(job.advance_until([&] { return p.starts == 2; }));
    job.drain();
    std::vector<int> all(static_cast<std::size_t>(source.stored));
    std::iota(all.begin(), all.end(), 0);
    CHECK(job.received() == all);
  });
}
