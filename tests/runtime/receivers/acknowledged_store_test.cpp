#include "runtime/receivers/receiver_job.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;
using texts = std::vector<std::string>;

/// Blocks have ten records each, in the order of the source.
constexpr int in_block = 10;

ints records(int k) {
  ints out(in_block);
  std::iota(out.begin(), out.end(), k * in_block);
  return out;
}

ints all_records(int n) {
  ints out(static_cast<std::size_t>(n) * in_block);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// A store that has room for two blocks.
configuration small_store() {
  return test_configuration()
      .set("stream.block_store_bytes", 100)
      .set("stream.max_block_bytes", 100);
}

/// A source that goes on with what has not been acknowledged, on a thread of its own that on_stop
/// joins.
struct acknowledged_source {
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> refused = false;
  std::thread thread;

  void attach_to(probe& p, int total) {
    p.at_start = [this, total](receiver<int>& r) {
      refused = false;
      thread = std::thread{[this, total, &r] {
        while (acknowledged < total && r.store(records(acknowledged)))
          ++acknowledged;
        refused = acknowledged < total;
      }};
    };
    p.at_stop = [this](receiver<int>&) { thread.join(); };
  }
};

/// Positions in the order in which they were given back.
class called_back {
public:
  stored_callback note() {
    return [this](const source_position& p) {
      std::lock_guard guard{mutex_};
      positions_.push_back(p);
    };
  }
  texts positions() const {
    std::lock_guard guard{mutex_};
    return positions_;
  }

private:
  mutable std::mutex mutex_;
  texts positions_;
};

texts numbers_to(int n) {
  texts out;
  for (int i = 0; i < n; ++i)
    out.push_back(std::to_string(i));
  return out;
}

} // namespace

TEST_CASE("many records are stored when store returns: at a full store it waits for the batches") {
  on_all_engines([](engine& on) {
    constexpr int total = 30;
    constexpr int fit = 2;
    probe p;
    std::atomic<receiver_job*> running = nullptr;
    std::atomic<int> early = 0;
    std::thread source;
    p.at_start = [&](receiver<int>& r) {
      source = std::thread{[&] {
        CHECK(wait_until([&] { return running != nullptr; }));
        for (int k = 0; k < total; ++k) {
          CHECK(r.store(records(k)));
          // This block and the one before fit; those before them have been processed.
          const int processed = k + 1 - fit;
          if (static_cast<int>(running.load()->received().size()) < processed * in_block)
            ++early;
        }
      }};
    };
    receiver_job job{on, p, small_store(), step};
    running = &job;
    CHECK(job.advance_until([&] { return job.received().size() >= all_records(total).size(); }));
    source.join();
    CHECK(early == 0);
    CHECK(job.received() == all_records(total));
    job.context().stop();
  });
}

TEST_CASE("a graceful stop while store waits: what it says is what is delivered") {
  for (int round = 0; round < 5; ++round)
    on_all_engines([round](engine& on) {
      acknowledged_source source;
      probe p;
      source.attach_to(p, 1'000'000);
      receiver_job job{on, p, small_store(), step};
      CHECK(job.advance_until([&] { return source.acknowledged > round; }));
      job.drain();
      CHECK(source.refused);
      CHECK(job.received() == all_records(source.acknowledged));
    });
}

TEST_CASE(
    "an immediate stop while store waits ends the wait; nothing is delivered that was refused") {
  for (int round = 0; round < 5; ++round)
    on_all_engines([round](engine& on) {
      acknowledged_source source;
      probe p;
      source.attach_to(p, 1'000'000);
      receiver_job job{on, p, small_store(), step};
      CHECK(job.advance_until([&] { return source.acknowledged > round; }));
      job.context().stop();
      CHECK(p.stops == 1);
      CHECK(source.refused);
      auto received = job.received();
      CHECK(received.size() <= all_records(source.acknowledged).size());
      CHECK(received == all_records(static_cast<int>(received.size()) / in_block));
    });
}

TEST_CASE(
    "restarts while store waits, with what was refused stored again, lose and double nothing") {
  on_all_engines([](engine& on) {
    constexpr int total = 40;
    constexpr int restarts = 4;
    acknowledged_source source;
    probe p;
    source.attach_to(p, total);
    receiver_job job{on, p, small_store().set("receiver.restart_delay", "100ms"), step};
    for (int life = 1; life <= restarts; ++life) {
      CHECK(job.advance_until([&] { return source.acknowledged >= 5 * life; }));
      p.live.load()->restart("again");
      CHECK(job.advance_until([&] { return p.starts == life + 1; }));
    }
    CHECK(job.advance_until([&] { return source.acknowledged == total; }));
    job.drain();
    CHECK(p.stops == restarts + 1);
    CHECK(job.received() == all_records(total));
  });
}

TEST_CASE("on_stop stores many at once, and a graceful stop delivers them") {
  on_all_engines([](engine& on) {
    called_back calls;
    probe p;
    p.at_stop = [&](receiver<int>& r) {
      for (int k = 0; k < 4; ++k)
        CHECK(r.store(records(k)));
      CHECK(r.store(records(4), "4", calls.note()));
    };
    receiver_job job{on, p, small_store(), step};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    job.drain();
    CHECK(job.received() == all_records(5));
    CHECK(calls.positions() == texts{"4"});
  });
}

TEST_CASE("on_start stores many at once") {
  on_all_engines([](engine& on) {
    probe p;
    p.at_start = [&](receiver<int>& r) { CHECK(r.store(records(0))); };
    receiver_job job{on, p, test_configuration(), step};
    CHECK(job.advance_until([&] { return job.received() == all_records(1); }));
    job.drain();
  });
}

TEST_CASE("callbacks come in the order of the stores, all of them before a graceful stop is over") {
  on_all_engines([](engine& on) {
    constexpr int total = 60;
    called_back calls;
    probe p;
    std::atomic<int> accepted = 0;
    std::thread source;
    p.at_start = [&](receiver<int>& r) {
      source = std::thread{[&] {
        while (accepted < total &&
               r.store(records(accepted), std::to_string(accepted), calls.note()))
          ++accepted;
      }};
    };
    p.at_stop = [&](receiver<int>&) { source.join(); };
    receiver_job job{on, p, small_store(), step};
    CHECK(job.advance_until([&] { return accepted > 20; }));
    job.drain();
    CHECK(job.received() == all_records(accepted));
    CHECK(calls.positions() == numbers_to(accepted));
  });
}

TEST_CASE("a store without records is called back in its turn") {
  on_all_engines([](engine& on) {
    called_back calls;
    probe p;
    receiver_job job{on, p, test_configuration(), step};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    auto& r = *p.live.load();
    CHECK(r.store(ints{}, "0", calls.note()));
    CHECK(r.store(records(0), "1", calls.note()));
    CHECK(r.store(ints{}, "2", calls.note()));
    CHECK(r.store(ints{}));
    CHECK(job.advance_until([&] { return calls.positions().size() == 3; }));
    CHECK(calls.positions() == numbers_to(3));
    job.drain();
    CHECK(job.received() == all_records(1));
  });
}

TEST_CASE("what a callback throws is reported, and the next ones come") {
  on_all_engines([](engine& on) {
    called_back calls;
    probe p;
    receiver_job job{on, p, test_configuration(), step};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    auto& r = *p.live.load();
    CHECK(r.store(records(0), "0", [](const source_position& at) {
      throw std::runtime_error("cannot acknowledge " + at);
    }));
    CHECK(r.store(records(1), "1", calls.note()));
    CHECK(job.advance_until([&] { return calls.positions() == texts{"1"}; }));
    CHECK(job.advance_until([&] {
      return job.events->events("receiver error") ==
             texts{"receiver error numbers: the callback of store threw: cannot acknowledge 0"};
    }));
    CHECK(r.is_started());
    job.drain();
    CHECK(job.received() == all_records(2));
  });
}

TEST_CASE("a callback stops the job, and restarts the receiver") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, test_configuration().set("receiver.restart_delay", "100ms"), step};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    auto& r = *p.live.load();
    CHECK(r.store(records(0), "0", [&](const source_position&) { r.restart("acknowledged"); }));
    CHECK(job.advance_until([&] { return p.starts == 2 && r.is_started(); }));
    CHECK(r.store(records(1), "1",
                  [&](const source_position&) { job.context().stop(stop_mode::graceful); }));
    CHECK(job.advance_until([&] { return job.context().await_termination_for(duration{0}); }));
    CHECK(job.received() == all_records(2));
  });
}

TEST_CASE("a position that is too long is refused with what to do, and nothing is stored") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, test_configuration(), step};
    REQUIRE(wait_until([&] { return p.live.load() != nullptr; }));
    auto& r = *p.live.load();
    CHECK_THROWS_WITH_AS(r.store(records(0), std::string(max_position_bytes + 1, 'x')),
                         doctest::Contains("the position has 4097 bytes, and at most 4096"),
                         stream_error);
    CHECK(r.store(records(0), std::string(max_position_bytes, 'x')));
    job.drain();
    CHECK(job.received() == all_records(1));
  });
}
