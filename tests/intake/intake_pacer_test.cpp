#include "millrace/intake/intake_pacer.hpp"
#include "support/engine.hpp"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

token_bucket_options at(double rate) {
  token_bucket_options options;
  options.initial_rate = rate;
  return options;
}

struct fixture {
  bool ahead_of_rate() const { return time->steady_now() < pacer.paid_at(); }

  explicit fixture(double rate) : pacer{at(rate), time} {}

  void advance(duration by) {
    time->advance(by);
    pacer.time_moved();
  }

  std::shared_ptr<manual_clock> time = std::make_shared<manual_clock>();
  intake_pacer pacer;
};

} // namespace

TEST_CASE("without a limit everything is granted at once") {
  fixture f{token_bucket_options::unlimited};
  CHECK(f.pacer.permits(1'000'000) == 1'000'000);
  CHECK(f.pacer.permits_at_once(1'000'000) == 1'000'000);
  CHECK_FALSE(f.ahead_of_rate());
  CHECK(f.pacer.current_limit() == token_bucket::no_limit);
}

TEST_CASE("a limit grants about ten milliseconds' worth at a time, at least one, and never more "
          "than wanted") {
  fixture f{5000};
  CHECK(f.pacer.current_limit() == 5000);
  f.advance(seconds(1));
  CHECK(f.pacer.permits(1000) == 50);
  CHECK(f.pacer.permits(7) == 7);
  f.pacer.update_rate(10);
  CHECK(f.pacer.current_limit() == 10);
  f.advance(seconds(1));
  CHECK(f.pacer.permits(1000) == 1);
}

TEST_CASE("who waits for permits is woken by the clock that is moved by hand") {
  fixture f{0.001};
  std::atomic<int> granted = 0;
  std::jthread waiting{[&] {
    for (int i = 0; i < 3; ++i) {
      CHECK(f.pacer.permits(5) == 1);
      ++granted;
    }
  }};
  for (int i = 1; i <= 3; ++i) {
    CHECK(wait_until([&] {
      f.advance(seconds(100));
      return granted == i;
    }));
    CHECK(f.time->wall_now() >= batch_time{i * 1'000'000});
  }
  waiting.join();
  CHECK_FALSE(f.ahead_of_rate());
}

TEST_CASE("a stop ends the wait, nobody waits after it, and it can be taken back") {
  fixture f{0.001};
  std::atomic<std::size_t> granted = 0;
  std::jthread waiting{[&] { granted = f.pacer.permits(5); }};
  f.pacer.stop();
  waiting.join();
  CHECK(granted >= 1);
  CHECK(f.pacer.permits(5) == 5);
  f.pacer.resume();
  std::atomic<bool> done = false;
  std::jthread again{[&] {
    f.pacer.permits(1);
    done = true;
  }};
  CHECK_FALSE(done);
  CHECK(wait_until([&] {
    f.advance(seconds(100));
    return done.load();
  }));
  CHECK(f.time->wall_now() >= batch_time{6'000'000});
}

TEST_CASE("permits on credit come at once and are paid by time") {
  fixture f{10};
  for (int i = 0; i < 25; ++i)
    CHECK(f.pacer.permits_at_once(64) == 1);
  f.advance(milliseconds(2499));
  CHECK(f.ahead_of_rate());
  f.advance(milliseconds(1));
  CHECK_FALSE(f.ahead_of_rate());
  f.advance(seconds(1));
  CHECK(f.pacer.permits_at_once(64) == 1);
  CHECK_FALSE(f.ahead_of_rate());
}

TEST_CASE("a wait that a stop cut short is credit too") {
  fixture f{1};
  std::jthread waiting{[&] { f.pacer.permits(1); }};
  f.pacer.stop();
  waiting.join();
  CHECK(f.ahead_of_rate());
  f.advance(seconds(1));
  CHECK_FALSE(f.ahead_of_rate());
}
