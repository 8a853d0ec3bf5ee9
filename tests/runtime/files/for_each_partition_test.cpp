#include "runtime/files/file_job.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

/// A store outside, to which connections of partitions write; what is not committed is lost.
struct outside {
  struct connection {
    connection(outside& o, std::size_t p, batch_time t) : to{&o}, partition{p}, time{t} {
      ++to->open;
    }
    connection(connection&& from) noexcept
        : to{std::exchange(from.to, nullptr)},
          partition{from.partition},
          time{from.time},
          written{std::move(from.written)} {}
    ~connection() {
      if (to)
        --to->open;
    }

    outside* to;
    std::size_t partition;
    batch_time time;
    ints written = {};
  };

  void commit(connection& c) {
    std::lock_guard guard{mutex};
    committed[{c.time.ms(), c.partition}] = c.written;
  }

  std::mutex mutex;
  std::map<std::pair<std::int64_t, std::size_t>, ints> committed;
  std::atomic<int> open{0};
};

void write_to(outside& store, const dstream<int>& s, std::function<void(int)> before_write = {}) {
  s.for_each_partition(
      [&store](std::size_t partition, batch_time time) {
        return outside::connection{store, partition, time};
      },
      [before_write](outside::connection& c, int record) {
        if (before_write)
          before_write(record);
        c.written.push_back(record);
      },
      [&store](outside::connection& c) { store.commit(c); });
}

} // namespace

TEST_CASE("for_each_partition: open, write in order, close for each partition of each batch") {
  on_all_engines([](engine& on) {
    file_job job{on};
    outside store;
    write_to(store, test_input<int>(*job.context, {ints{1, 2, 3, 4}, ints{}}, 2));
    job.context->start();
    job.run(seconds(2));
    job.context->stop();
    CHECK(store.open == 0);
    CHECK(store.committed ==
          decltype(store.committed){
              {{1000, 0}, {1, 2}}, {{1000, 1}, {3, 4}}, {{2000, 0}, {}}, {{2000, 1}, {}}});
  });
}

TEST_CASE("for_each_partition: a write that throws has no close, and the batch is tried again") {
  on_all_engines([](engine& on) {
    file_job job{on};
    outside store;
    std::atomic<int> failures{0};
    write_to(store, test_input<int>(*job.context, {ints{1, 2, 3, 4}}, 2), [&](int record) {
      if (record == 4 && ++failures <= 2)
        throw std::runtime_error("connection lost");
    });
    job.context->start();
    job.run();
    job.context->stop();
    CHECK(job.problem.empty());
    CHECK(failures == 3);
    CHECK(store.open == 0);
    CHECK(store.committed == decltype(store.committed){{{1000, 0}, {1, 2}}, {{1000, 1}, {3, 4}}});
  });
}

TEST_CASE("for_each_partition: what always throws ends the job, naming the operation") {
  on_all_engines([](engine& on) {
    file_job job{on};
    outside store;
    write_to(store, test_input<int>(*job.context, {ints{1, 2}}, 2),
             [](int) { throw std::runtime_error("refused"); });
    job.context->start();
    job.run();
    CHECK(job.ends());
    CAPTURE(job.problem);
    CHECK(has(job.problem, "for_each_partition at for_each_partition_test.cpp:"));
    CHECK(has(job.problem, "refused"));
    CHECK(store.open == 0);
    CHECK(store.committed.empty());
    job.context->stop();
  });
}

TEST_CASE("for_each_partition: partitions run at the same time on the actors") {
  auto on = make_actor_engine();
  file_job job{*on};
  std::atomic<int> inside{0};
  std::atomic<int> met{0};
  test_input<int>(*job.context, {ints{1, 2}}, 2)
      .for_each_partition([](std::size_t, batch_time) { return 0; },
                          [&](int&, int) {
                            ++inside;
                            met += wait_until([&] { return inside == 2; }) ? 1 : 0;
                          },
                          [](int&) {});
  job.context->start();
  job.run();
  job.context->stop();
  CHECK(met == 2);
}
