#include "runtime/receivers/receiver_job.hpp"

#include <mutex>
#include <thread>

using namespace millrace;
using namespace millrace::test;

TEST_CASE(
    "what was stored before the clock moves is in the batch that falls due, on every runtime") {
  on_all_engines([](engine& on) {
    constexpr int n = 100;
    const auto interval = milliseconds(500);
    probe p;
    receiver_job job{on, p};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    for (int i = 0; i < n; ++i) {
      CHECK(p.live.load()->store(i));
      on.advance(interval);
    }
    REQUIRE(wait_until([&] { return job.out().size() == n; }));
    std::vector<std::vector<int>> expected;
    for (int i = 0; i < n; ++i)
      expected.push_back({i});
    CHECK(job.out().batches() == expected);
    job.drain();
  });
}

TEST_CASE("a stopping receiver is told so by store: a thread of it that stores until then ends") {
  on_all_engines([](engine& on) {
    std::thread storing;
    std::atomic<int> stored = 0;
    std::atomic<int> stored_at_stop = 0;
    probe p;
    p.at_start = [&](receiver<int>& r) {
      storing = std::thread{[&r, &stored] {
        while (r.store(stored.load()))
          ++stored;
      }};
    };
    p.at_stop = [&](receiver<int>& r) {
      CHECK(r.is_stopped());
      std::thread{[&] { CHECK_FALSE(r.store(std::vector{-1})); }}.join();
      storing.join();
      CHECK(r.store(stored.load()));
      stored_at_stop = ++stored;
    };
    receiver_job job{on, p, test_configuration().set("stream.receiver_max_rate", 100)};
    CHECK(job.advance_until([&] { return stored > 20; }));
    job.drain();
    CHECK(p.stops == 1);
    auto received = job.received();
    CHECK(received.size() == static_cast<std::size_t>(stored_at_stop.load()));
    for (std::size_t i = 0; i < received.size(); ++i)
      CHECK(received[i] == static_cast<int>(i));
  });
}

TEST_CASE("a receiver that stops itself stores nothing more, and one that restarts stores again") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    auto& r = *p.live.load();
    CHECK(r.store(1));
    r.restart("moved");
    CHECK_FALSE(r.store(2));
    CHECK(job.advance_until([&] { return p.starts == 2 && r.is_started(); }));
    CHECK(r.store(3));
    r.stop("enough");
    CHECK_FALSE(r.store(4));
    job.drain();
    CHECK(job.received() == std::vector{1, 3});
  });
}
