// Spark's BlockGeneratorSuite on both runtimes, through receivers, which is how Millrace's block
// generators are reached. Without counterpart, because there is no listener of a block generator:
// the states "not active" and "active" (a generator exists from the start of its job to its end),
// onAddData and its metadata, and the exceptions of adding after a stop (`store` returns false).
// onGenerateBlock and onPushBlock are the batches that come out; onError is the error that the job
// reports (tests/actors/ingest/lost_block_test.cpp).
#include "runtime/receivers/receiver_job.hpp"

#include <numeric>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
constexpr duration tick = milliseconds(10);

ints range(int first, int last) {
  ints out(static_cast<std::size_t>(last - first + 1));
  std::iota(out.begin(), out.end(), first);
  return out;
}

configuration ten_ms() { return test_configuration().set("stream.block_interval", "10ms"); }

} // namespace

TEST_CASE("records are in a block after a tick, in order, and not before") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, ten_ms(), tick};
    CHECK(wait_until([&] { return p.starts == 1; }));
    for (int i : range(1, 10))
      CHECK(p.live.load()->store(i));
    CHECK(job.received().empty());
    on.advance(tick);
    CHECK(wait_until([&] { return job.received() == range(1, 10); }));
    on.advance(tick);
    CHECK(job.out().wait_for(2, patience));
    CHECK(job.out().batches().at(1).empty());
    job.context().stop();
  });
}

TEST_CASE("many records are one block, apart from those stored one by one") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, ten_ms(), tick};
    CHECK(wait_until([&] { return p.starts == 1; }));
    auto& r = *p.live.load();
    for (int i : range(1, 10))
      CHECK(r.store(i));
    CHECK(r.store(range(11, 20)));
    on.advance(tick);
    CHECK(job.out().wait_for(1, patience));
    // Blocks are divided over the two partitions, and never torn.
    CHECK(job.out().partitions().at(0) == std::vector<ints>{range(1, 10), range(11, 20)});
    job.context().stop();
  });
}

TEST_CASE("a stop delivers everything that was stored and refuses everything after it") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, ten_ms(), tick};
    CHECK(wait_until([&] { return p.starts == 1; }));
    auto& r = *p.live.load();
    for (int i : range(1, 1000))
      CHECK(r.store(i));
    job.drain();
    CHECK(job.received() == range(1, 1000));
    CHECK_FALSE(r.store(1001));
    CHECK_FALSE(r.store(range(1002, 1003)));
    job.context().stop();
    job.context().stop(stop_mode::graceful);
    CHECK(job.received() == range(1, 1000));
  });
}

TEST_CASE("a stop from another thread waits for nothing but what was stored") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, ten_ms(), tick};
    CHECK(wait_until([&] { return p.starts == 1; }));
    auto& r = *p.live.load();
    int stored = 0;
    std::jthread source{[&] {
      while (r.store(stored))
        ++stored;
    }};
    CHECK(job.advance_until([&] { return job.received().size() > 100; }));
    job.drain();
    source.join();
    CHECK(job.received().size() == static_cast<std::size_t>(stored));
  });
}
