#include "runtime/receivers/receiver_job.hpp"

#include <numeric>
#include <stdexcept>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

std::vector<int> numbers(int n) {
  std::vector<int> out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

} // namespace

TEST_CASE("life cycle: started, stores one and many, each delivered once, stopped") {
  on_all_engines([](engine& on) {
    probe p;
    {
      receiver_job job{on, p};
      CHECK(wait_until([&] { return p.starts == 1; }));
      receiver<int>& r = *p.live.load();
      CHECK(r.is_started());
      CHECK_FALSE(r.is_stopped());
      CHECK(r.stream() == stream_id{0});
      CHECK(r.store(0));
      CHECK(r.store(1));
      CHECK(r.store(std::vector<int>{2, 3, 4}));
      CHECK(r.store(5));
      CHECK(job.advance_until([&] { return job.received().size() >= 6; }));
      CHECK(job.advance_until([&] { return job.events->events("receiver started").size() == 1; }));
      job.context().stop();
      CHECK(job.received() == numbers(6));
      CHECK(p.starts == 1);
      CHECK(p.stops == 1);
      CHECK(r.is_stopped());
      CHECK_FALSE(r.store(6));
      CHECK_FALSE(r.store(std::vector<int>{7}));
      CHECK(job.events->events("receiver") ==
            std::vector<std::string>{"receiver started numbers", "receiver stopped numbers"});
    }
    CHECK(p.stops == 1);
  });
}

TEST_CASE("report_error is told to listeners and changes nothing else") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p};
    CHECK(wait_until([&] { return p.starts == 1; }));
    std::jthread{[&] { p.live.load()->report_error("half of the source is gone"); }}.join();
    CHECK(job.advance_until([&] {
      return job.events->events("receiver error") ==
             std::vector<std::string>{"receiver error numbers: half of the source is gone"};
    }));
    CHECK(p.live.load()->is_started());
    CHECK(p.live.load()->store(1));
    CHECK(job.advance_until([&] { return job.received().size() == 1; }));
    CHECK(p.stops == 0);
  });
}

TEST_CASE(
    "restart: on_stop, the delay, on_start of the same object; what was stored before stays") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p};
    CHECK(wait_until([&] { return p.starts == 1; }));
    auto* first = p.live.load();
    CHECK(first->store(1));
    first->restart("restarting", seconds(3));
    CHECK(first->is_stopped());
    CHECK(job.advance_until([&] { return p.stops == 1; }));
    CHECK(p.starts == 1);
    CHECK(job.advance_until([&] { return p.starts == 2; }));
    CHECK(p.live == first);
    CHECK(wait_until([&] { return first->is_started(); }));
    CHECK(first->store(2));
    CHECK(job.advance_until([&] { return job.received() == std::vector<int>{1, 2}; }));
    CHECK(p.stops == 1);
  });
}

TEST_CASE("a restart waits for its delay on the job's clock") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p, test_configuration().set("receiver.restart_delay", "5s")};
    CHECK(wait_until([&] { return p.starts == 1; }));
    p.live.load()->restart("no data");
    CHECK(job.advance_until([&] { return p.stops == 1; }));
    on.advance(seconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(p.starts == 1);
    CHECK(job.advance_until([&] { return p.starts == 2; }));
  });
}

TEST_CASE("restarts that a receiver asks for never end the job") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p,
                     test_configuration()
                         .set("receiver.restart_intensity", 3)
                         .set("stream.block_interval", "10ms")};
    for (int i = 1; i <= 30; ++i) {
      CHECK(job.advance_until([&] { return p.starts == i; }));
      CHECK(wait_until([&] { return p.live.load()->is_started(); }));
      p.live.load()->restart("again", duration{0});
    }
    CHECK_FALSE(job.context().await_termination_for(duration{0}));
  });
}

TEST_CASE("stop ends the receiver for good, and the job goes on") {
  on_all_engines([](engine& on) {
    probe p;
    receiver_job job{on, p};
    CHECK(wait_until([&] { return p.starts == 1; }));
    CHECK(p.live.load()->store(7));
    p.live.load()->stop("had enough");
    CHECK(p.live.load()->is_stopped());
    CHECK(job.advance_until([&] { return p.stops == 1; }));
    CHECK(job.advance_until([&] { return job.received() == std::vector<int>{7}; }));
    on.advance(seconds(60));
    CHECK(job.advance_until([&] { return !p.live.load()->store(8); }));
    CHECK(p.starts == 1);
    CHECK_FALSE(job.context().await_termination_for(duration{0}));
    job.drain();
    CHECK(p.stops == 1);
    CHECK(job.received() == std::vector<int>{7});
  });
}

TEST_CASE("an exception in on_start is reported and the receiver started again") {
  on_all_engines([](engine& on) {
    probe p;
    p.at_start = [&](receiver<int>& r) {
      if (p.starts == 1)
        throw std::runtime_error("not today");
      if (p.starts == 2)
        throw 42;
      r.store(9);
    };
    receiver_job job{on, p};
    CHECK(job.advance_until([&] { return job.received() == std::vector<int>{9}; }));
    CHECK(p.starts == 3);
    auto errors = job.events->events("receiver error");
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].find("not today") != std::string::npos);
  });
}

TEST_CASE("a receiver that dies for ever ends the job at its restart limit") {
  on_all_engines([](engine& on) {
    probe p;
    p.at_start = [](receiver<int>&) { throw std::runtime_error("dead on arrival"); };
    receiver_job job{on, p,
                     test_configuration()
                         .set("receiver.restart_intensity", 3)
                         .set("receiver.restart_delay", "100ms")};
    std::string message;
    CHECK(job.advance_until([&] {
      try {
        return job.context().await_termination_for(duration{0});
      } catch (const stream_error& e) {
        message = e.what();
        return true;
      }
    }));
    CAPTURE(message);
    CHECK(message.find("numbers") != std::string::npos);
    CHECK(message.find("dead on arrival") != std::string::npos);
    CHECK(p.starts == 4);
  });
}

TEST_CASE("stop gracefully processes everything that was received") {
  for (int round = 0; round < 4; ++round)
    on_all_engines([](engine& on) {
      probe p;
      std::atomic<int> stored = 0;
      std::jthread source;
      p.at_start = [&](receiver<int>& r) {
        source = std::jthread{[&](std::stop_token stop) {
          while (!stop.stop_requested() && r.store(stored))
            ++stored;
        }};
      };
      p.at_stop = [&](receiver<int>&) {
        source.request_stop();
        source.join();
      };
      receiver_job job{on, p, test_configuration().set("stream.max_block_bytes", 4096), step};
      CHECK(job.advance_until([&] { return !job.received().empty(); }));
      job.drain();
      CHECK(stored > 0);
      CHECK(job.received() == numbers(stored));
    });
}

TEST_CASE("a slow receiver that goes on storing in on_stop loses nothing in a graceful stop") {
  on_all_engines([](engine& on) {
    probe p;
    std::atomic<int> stored = 0;
    std::jthread source;
    p.at_start = [&](receiver<int>& r) {
      source = std::jthread{[&] {
        for (; stored < 15 && r.store(stored); ++stored)
          std::this_thread::sleep_for(std::chrono::milliseconds(3));
      }};
    };
    p.at_stop = [&](receiver<int>& r) {
      source.join();
      for (; stored < 15 && r.store(stored); ++stored)
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
    };
    receiver_job job{on, p, test_configuration(), step};
    CHECK(wait_until([&] { return stored > 0; }));
    job.drain();
    CHECK(stored == 15);
    CHECK(job.received() == numbers(15));
  });
}

TEST_CASE("a full block store makes the receiver wait and loses nothing") {
  on_all_engines([](engine& on) {
    probe p;
    constexpr int total = 20'000;
    std::jthread source;
    p.at_start = [&](receiver<int>& r) {
      source = std::jthread{[&] {
        for (int i = 0; i < total; ++i)
          if (!r.store(i))
            return;
      }};
    };
    auto conf = test_configuration()
                    .set("stream.max_block_bytes", 400)
                    .set("stream.block_store_bytes", 2000);
    receiver_job job{on, p, conf, step};
    CHECK(job.advance_until([&] { return job.received().size() >= total; }));
    CHECK(job.received() == numbers(total));
    job.context().stop();
  });
}
