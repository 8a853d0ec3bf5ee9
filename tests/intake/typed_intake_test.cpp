#include "millrace/intake/typed_intake.hpp"
#include "support/engine.hpp"

#include <atomic>
#include <optional>
#include <set>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

std::vector<ints> drain(intake& from) {
  std::vector<ints> out;
  while (auto b = from.pop()) {
    auto items = static_cast<const typed_block<int>&>(*b->block).items();
    out.emplace_back(items.begin(), items.end());
  }
  return out;
}

} // namespace

TEST_CASE("records come out in order, cut by hand or by bytes") {
  typed_intake<int> in{{.max_block_bytes = 5 * sizeof(int), .max_ready_blocks = 10}};
  CHECK_FALSE(in.pop());
  in.cut();
  CHECK_FALSE(in.pop());
  for (int i = 0; i < 12; ++i)
    CHECK(in.store(i));
  CHECK(drain(in) == std::vector<ints>{{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}});
  in.cut();
  CHECK(drain(in) == std::vector<ints>{{10, 11}});
}

TEST_CASE("many records stored at once are one block, after those stored before") {
  typed_intake<int> in{{.max_block_bytes = 5 * sizeof(int), .max_ready_blocks = 10}};
  CHECK(in.store(1));
  CHECK(in.store(ints{2, 3, 4, 5, 6, 7, 8, 9}));
  CHECK(in.store(ints{}));
  CHECK(in.store(10));
  in.cut();
  CHECK(drain(in) == std::vector<ints>{{1}, {2, 3, 4, 5, 6, 7, 8, 9}, {10}});
}

TEST_CASE("after stop nothing is accepted, and what was accepted still comes out") {
  typed_intake<int> in{{}};
  CHECK(in.store(1));
  in.stop();
  CHECK(in.stopped());
  CHECK_FALSE(in.store(2));
  CHECK_FALSE(in.store(ints{3, 4}));
  CHECK_FALSE(in.store(ints{}));
  in.cut();
  CHECK(drain(in) == std::vector<ints>{{1}});
}

TEST_CASE("at the bound storing waits until a block is popped") {
  typed_intake<int> in{{.max_block_bytes = sizeof(int), .max_ready_blocks = 2}};
  std::atomic<int> stored = 0;
  std::jthread producer{[&] {
    for (int i = 0; i < 5; ++i) {
      CHECK(in.store(i));
      ++stored;
    }
  }};
  CHECK(wait_until([&] { return stored == 2; }));
  for (int i = 0; i < 5; ++i) {
    std::optional<ready_block> b;
    CHECK(wait_until([&] { return (b = in.pop()).has_value(); }));
    CHECK(static_cast<const typed_block<int>&>(*b->block).items()[0] == i);
    CHECK(stored <= i + 3);
  }
}

TEST_CASE("a stop ends the wait and loses nothing that was accepted") {
  typed_intake<int> in{{.max_block_bytes = sizeof(int), .max_ready_blocks = 2}};
  std::atomic<int> accepted = 0;
  std::jthread producer{[&] {
    for (int i = 0; in.store(i); ++i)
      ++accepted;
  }};
  CHECK(wait_until([&] { return accepted == 2; }));
  in.stop();
  producer.join();
  in.cut();
  CHECK(static_cast<int>(drain(in).size()) == accepted);
}

TEST_CASE("several producers, a cutting consumer, a stop in the middle: no record lost, none "
          "twice, order kept") {
  for (int round = 0; round < 20; ++round) {
    typed_intake<int> in{{.max_block_bytes = 64, .max_ready_blocks = 3}};
    std::vector<int> accepted(3, 0);
    std::vector<std::jthread> producers;
    for (int p = 0; p < 3; ++p)
      producers.emplace_back([&, p] {
        for (int i = 0;; ++i) {
          bool many = p == 2 && i % 7 == 0;
          bool ok = many ? in.store(ints{p * 1'000'000 + i, p * 1'000'000 + i + 1})
                         : in.store(p * 1'000'000 + i);
          if (!ok)
            return;
          i += many ? 1 : 0;
          accepted[static_cast<std::size_t>(p)] = i + 1;
        }
      });
    std::vector<int> got;
    auto take = [&] {
      for (auto& b : drain(in))
        got.insert(got.end(), b.begin(), b.end());
    };
    for (int i = 0; i < 200 || got.size() < 3000; ++i) {
      in.cut();
      take();
    }
    in.stop();
    in.cut();
    take();
    producers.clear();
    take();
    std::vector<int> next(3, 0);
    for (int v : got)
      CHECK_MESSAGE(v % 1'000'000 == next[static_cast<std::size_t>(v / 1'000'000)]++, v);
    CHECK(next == accepted);
  }
}

TEST_CASE("permits are asked for and none means stopping") {
  typed_intake<int> in{{}};
  std::size_t left = 100;
  std::size_t ready = 0;
  in.connect({[&](std::size_t wanted) {
                CHECK(wanted >= 1);
                auto granted = std::min<std::size_t>({wanted, 30, left});
                left -= granted;
                return granted;
              },
              [&] { ++ready; }});
  int stored = 0;
  while (in.store(stored))
    ++stored;
  CHECK(stored == 100);
  CHECK(ready == 0);
  in.cut();
  CHECK(ready == 1);
  left = 50;
  CHECK(in.store(ints(45)));
  CHECK_FALSE(in.store(ints(6)));
  std::size_t total = 0;
  for (auto& b : drain(in))
    total += b.size();
  CHECK(total == 145);
}

TEST_CASE("a wait for permits keeps nobody from cutting what was stored before") {
  typed_intake<int> in{{}};
  in.connect({[&](std::size_t) {
                in.cut();
                return std::size_t{1};
              },
              {}});
  for (int i = 1; i <= 3; ++i)
    CHECK(in.store(i));
  CHECK(in.store(ints{4}));
  CHECK(drain(in) == std::vector<ints>{{1}, {2}, {3}, {4}});
}
