#include "runtime/engines.hpp"

#include <atomic>
#include <numeric>

using namespace millrace;
using namespace millrace::test;

// Options stream.max_batch_records and stream.max_batch_bytes.

namespace {

using ints = std::vector<int>;
using longs = std::vector<std::int64_t>;

configuration at_most(const std::string& records, const std::string& bytes = "0") {
  return test_configuration()
      .set("stream.max_batch_records", records)
      .set("stream.max_batch_bytes", bytes);
}

/// Stores blocks of three numbers at its start, 0 to 17.
struct six_blocks final : receiver<int> {
  explicit six_blocks(std::atomic<bool>& stored) : stored_{stored} {}
  void on_start() override {
    for (int i = 0; i < 18; i += 3)
      CHECK(store(ints{i, i + 1, i + 2}));
    stored_ = true;
  }
  void on_stop() override {}
  std::atomic<bool>& stored_;
};

template <class T>
std::vector<T> joined(const std::vector<std::vector<T>>& batches) {
  std::vector<T> all;
  for (auto& b : batches)
    all.insert(all.end(), b.begin(), b.end());
  return all;
}

} // namespace

TEST_CASE("what a receiver stored beyond the limit comes with the next batches, and at the stop") {
  for (auto& conf : {at_most("7"), at_most("0", "24")})
    on_all_engines([&](engine& on) {
      auto context = on.make_context(conf, seconds(1));
      collector<int> out;
      std::atomic<bool> stored = false;
      context->receiver_stream([&] { return std::make_shared<six_blocks>(stored); })
          .collect_into(out);
      context->start();
      CHECK(wait_until([&] { return stored.load(); }));
      on.advance(seconds(1));
      CHECK(wait_until([&] { return out.size() == 1; }));
      context->stop(stop_mode::graceful);
      CHECK(out.batches() ==
            std::vector<ints>{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11}, {12, 13, 14, 15, 16, 17}});
    });
}

TEST_CASE("rate_stream makes up for what a limit held back") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(at_most("10"), seconds(1));
    collector<std::int64_t> out;
    context->rate_stream(12).collect_into(out);
    context->start();
    on.advance(seconds(4));
    CHECK(wait_until([&] { return out.size() == 4; }));
    context->stop();
    longs expected(40);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(joined(out.batches()) == expected);
    for (auto& b : out.batches())
      CHECK(b.size() == 10);
  });
}

TEST_CASE("queue_stream unites as many queued batches as the limit allows, and a large one alone") {
  on_all_engines([](engine& on) {
    auto context = on.make_context(at_most("4"), seconds(1));
    auto feed = std::make_shared<batch_feed<int>>();
    for (auto& b : {ints{1, 2}, ints{3, 4}, ints{5}, ints{6, 7, 8, 9, 10}, ints{11}})
      feed->push(batch<int>{b});
    collector<int> out;
    context->queue_stream(feed, false).collect_into(out);
    context->start();
    on.advance(seconds(4));
    CHECK(wait_until([&] { return out.size() == 4; }));
    context->stop();
    CHECK(out.batches() == std::vector<ints>{{1, 2, 3, 4}, {5}, {6, 7, 8, 9, 10}, {11}});
  });
}
