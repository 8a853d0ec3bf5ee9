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

TEST_CASE("on_start and on_stop are never called at the same time") {
  on_all_engines([](engine& on) {
    probe p;
    std::atomic<int> inside = 0;
    std::atomic<int> overlaps = 0;
    const auto enter = [&] {
      overlaps += inside++ == 0 ? 0 : 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      --inside;
    };
    p.at_start = [&](receiver<int>& r) {
      if (p.starts % 3 == 1)
        r.restart("at once");
      enter();
    };
    p.at_stop = [&](receiver<int>&) { enter(); };
    receiver_job job{on, p,
                     test_configuration()
                         .set("receiver.restart_delay", "10ms")
                         .set("receiver.restart_delay_max", "10ms")};
    for (int round = 0; round < 10; ++round) {
      CHECK(job.advance_until([&, n = p.starts.load()] { return p.starts > n; }));
      p.live.load()->restart("from elsewhere");
    }
    job.context().stop();
    CHECK(overlaps == 0);
    CHECK(p.stops == p.starts);
  });
}

TEST_CASE("no records stored at once are no block, and no error") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p};
    REQUIRE(job.advance_until([&] { return p.live.load() && p.live.load()->is_started(); }));
    CHECK(p.live.load()->store(std::vector<int>{}));
    CHECK(p.live.load()->store(std::vector<int>{1, 2}));
    CHECK(p.live.load()->store(std::vector<int>{}));
    CHECK(job.advance_until([&] { return job.received() == std::vector{1, 2}; }));
    job.drain();
    CHECK(job.metrics->counter("records_received_total", "0") == 2);
    std::size_t blocks = 0;
    for (auto& batch : job.out().partitions())
      blocks += batch.size();
    CHECK(blocks == 1);
  });
}

TEST_CASE("what is stored as one is kept whole, however large, or refused as a whole") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, test_configuration().set("stream.max_block_bytes", 40)};
    REQUIRE(job.advance_until([&] { return p.live.load() && p.live.load()->is_started(); }));
    std::vector<int> many(1'000);
    CHECK(p.live.load()->store(many));
    CHECK(job.advance_until([&] { return job.received().size() == many.size(); }));
    std::size_t blocks = 0;
    for (auto& batch : job.out().partitions())
      for (auto& partition : batch) {
        CHECK((partition.empty() || partition.size() == many.size()));
        blocks += partition.empty() ? 0 : 1;
      }
    CHECK(blocks == 1);
    p.live.load()->stop("enough");
    CHECK_FALSE(p.live.load()->store(many));
    job.drain();
    CHECK(job.received().size() == many.size());
  });
}

TEST_CASE("a receiver of text may store views of bytes that go at once") {
  struct texts final : receiver<std::string_view> {
    explicit texts(std::atomic<bool>& d) : done{d} {}
    void on_start() override {
      std::string bytes = "one";
      CHECK(store(bytes));
      bytes = "two";
      CHECK(store(std::string_view{bytes}));
      std::vector<std::string> many(100, "a text that is longer than the short form");
      CHECK(store(std::vector<std::string_view>{many.begin(), many.end()}));
      many.assign(100, "other bytes of the same or of another length");
      CHECK(store(std::vector<std::string_view>{}));
      bytes = "six";
      CHECK(store(bytes));
      bytes = "xxx";
      done = true;
    }
    void on_stop() override {}
    std::atomic<bool>& done;
  };
  on_all_engines([](engine& on) {
    std::atomic<bool> done = false;
    collector<std::string> out;
    auto context =
        on.make_context(test_configuration().set("stream.max_block_bytes", 400), milliseconds(500));
    context->receiver_stream([&] { return std::make_shared<texts>(done); })
        .map([](std::string_view text) { return std::string{text}; })
        .collect_into(out);
    context->start();
    REQUIRE(wait_until([&] { return done.load(); }));
    const auto received = [&] {
      std::vector<std::vector<std::string>> parts;
      for (auto& batch : out.partitions())
        for (auto& part : batch)
          if (!part.empty())
            parts.push_back(part);
      return parts;
    };
    CHECK(on.advance_until(step, [&] { return received().size() >= 3; }));
    context->stop();
    const auto parts = received();
    REQUIRE(parts.size() == 3);
    CHECK(parts[0] == std::vector<std::string>{"one", "two"});
    CHECK(parts[1] == std::vector<std::string>(100, "a text that is longer than the short form"));
    CHECK(parts[2] == std::vector<std::string>{"six"});
  });
}

TEST_CASE(
    "what listeners are told of a receiver: whether it runs, its last error and when, restarts") {
  struct keeper final : listener {
    void on_receiver_started(const receiver_info& r) override { keep(r); }
    void on_receiver_error(const receiver_info& r) override { keep(r); }
    void on_receiver_stopped(const receiver_info& r) override { keep(r); }
    void keep(const receiver_info& r) {
      const std::lock_guard guard{mutex};
      seen.push_back(r);
    }
    std::size_t count() {
      const std::lock_guard guard{mutex};
      return seen.size();
    }
    std::mutex mutex;
    std::vector<receiver_info> seen;
  };
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, test_configuration().set("receiver.restart_delay", "10ms")};
    auto kept = std::make_shared<keeper>();
    job.context().add_listener(kept);
    const auto told = [&](std::size_t n) {
      CHECK(job.advance_until([&] { return kept->count() >= n; }));
    };
    REQUIRE(job.advance_until([&] { return !job.events->events("receiver started").empty(); }));
    const auto before = kept->count();
    p.live.load()->report_error("odd");
    told(before + 1);
    p.live.load()->restart("moved");
    told(before + 3);
    p.live.load()->stop("enough");
    told(before + 4);
    job.drain();
    const std::vector<receiver_info> seen{kept->seen.begin() + static_cast<std::ptrdiff_t>(before),
                                          kept->seen.end()};
    REQUIRE(seen.size() == 4);
    for (auto& r : seen) {
      CHECK(r.stream == stream_id{0});
      CHECK(r.name == "numbers");
      CHECK(r.location == "localhost");
      REQUIRE(r.last_error_time);
      CHECK(r.last_error_time->ms() > 0);
      CHECK(r.last_error_time >= seen.front().last_error_time);
    }
    const auto is = [](const receiver_info& r, bool active, const char* error, std::uint64_t n) {
      return r.active == active && r.last_error == error && r.restarts == n;
    };
    CHECK(is(seen[0], true, "odd", 0));
    CHECK(is(seen[1], false, "moved", 0));
    CHECK(is(seen[2], true, "moved", 1));
    CHECK(is(seen[3], false, "moved", 1));
  });
}
