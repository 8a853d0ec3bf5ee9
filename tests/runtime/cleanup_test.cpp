#include "runtime/files/file_job.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

using namespace millrace;
using namespace millrace::test;

// Spark's BasicOperationsSuite: rdd cleanup - input blocks and persisted RDDs. A batch is 1 s.

namespace {

/// A record that tells, by what points to it, how long something holds it or a copy of it.
using token = std::shared_ptr<const int>;

/// What was made, in order; thread-safe.
class tokens {
public:
  token make(int number) {
    auto made = std::make_shared<const int>(number);
    std::lock_guard guard{mutex_};
    all_.push_back(made);
    return made;
  }

  /// The numbers of those that are held.
  std::vector<int> held() const {
    std::lock_guard guard{mutex_};
    std::vector<int> out;
    for (auto& each : all_)
      if (auto there = each.lock())
        out.push_back(*there);
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<const int>> all_;
};

struct token_receiver final : receiver<token> {
  explicit token_receiver(std::atomic<receiver<token>*>& live) : live_{live} {}
  void on_start() override { live_ = this; }
  void on_stop() override { live_ = nullptr; }
  std::atomic<receiver<token>*>& live_;
};

} // namespace

TEST_CASE("cleanup - input blocks and persisted batches") {
  on_all_engines([](engine& on) {
    tokens received;
    tokens mapped;
    std::atomic<receiver<token>*> live{nullptr};
    collector<int> seen;
    std::atomic<bool> block_was_there{true};
    file_job job{on};
    auto s = job.context->receiver_stream([&] { return std::make_shared<token_receiver>(live); })
                 .map([&](const token& t) { return mapped.make(*t); });
    s.remember(seconds(2)).persist();
    auto values = s.map([](const token& t) { return *t; });
    values.for_each_batch([&](const batch<int>& records) {
      for (int n : records.collect())
        if (auto held = received.held(); held.empty() || held.back() != n)
          block_was_there = false;
    });
    values.collect_into(seen);
    job.context->start();
    REQUIRE(wait_until([&] { return live != nullptr; }));
    for (int n = 1; n <= 6; ++n) {
      CHECK(live.load()->store(std::vector<token>{received.make(n)}));
      // The block may miss the batch that is due next.
      CHECK(wait_until([&] {
        job.run();
        auto batches = seen.batches();
        return std::ranges::count_if(batches, [](auto& b) { return !b.empty(); }) == n;
      }));
      // The block is gone with its batch.
      CHECK(wait_until([&] { return received.held().empty(); }));
    }
    CHECK(block_was_there);
    const auto now = job.now->wall_now();
    auto newest = s.slice(now, now);
    REQUIRE(newest.size() == 1);
    REQUIRE(newest[0].size() == 1);
    CHECK(*newest[0].collect()[0] == 6);
    newest.clear();
    // Two batches are remembered, and the records of nothing else are in memory.
    CHECK(s.slice(batch_time{0}, now).size() == 2);
    auto kept = mapped.held();
    CHECK(kept.back() == 6);
    CHECK(kept.size() <= 2);
    job.run(seconds(2));
    CHECK(wait_until([&] { return mapped.held().empty(); }));
    CHECK(s.slice(batch_time{0}, now).empty());
    CHECK(job.problem.empty());
    job.context->stop();
  });
}
