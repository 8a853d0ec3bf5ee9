#include "millrace/block/block_store.hpp"
#include "millrace/block/typed_block.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

block_ptr make_block(std::size_t bytes) { return make_typed_block(std::vector<char>(bytes)); }

block_id id(std::uint64_t number, std::uint32_t stream = 0) { return {stream_id{stream}, number}; }

std::size_t release(block_store& store, std::vector<block_id> ids) { return store.release(ids); }

/// A put on a thread of its own. `waits` is known when the store says that it waits.
struct pending_put {
  pending_put(block_store& store, std::latch& waits, block_id block, std::size_t bytes)
      : thread([&store, block, bytes, this](std::stop_token stop) {
          answer.set_value(store.put(block, make_block(bytes), stop));
        }) {
    waits.wait();
  }

  std::promise<result<void>> answer;
  std::jthread thread;
};

} // namespace

TEST_CASE("a block is there from put to release") {
  block_store store{{.max_bytes = 100}};
  const auto b = make_block(10);
  REQUIRE(store.put(id(1), b, {}));
  CHECK(store.get(id(1)) == b);
  CHECK(store.get(id(1, 1)) == nullptr);
  CHECK(store.bytes() == 10);
  CHECK(store.blocks() == 1);
  CHECK(release(store, {id(7), id(1), id(1)}) == 1);
  CHECK(store.get(id(1)) == nullptr);
  CHECK(store.bytes() == 0);
  CHECK(store.stats().bytes_max == 10);
  CHECK(b->records() == 10);
}

TEST_CASE("null and known ids are refused and change nothing") {
  block_store store{{.max_bytes = 100}};
  const auto b = make_block(10);
  REQUIRE(store.try_put(id(1), b));
  CHECK(store.try_put(id(1), make_block(5)).error().code == errc::already_exists);
  CHECK(store.put(id(1), make_block(5), {}).error().code == errc::already_exists);
  CHECK(store.put(id(2), nullptr, {}).error().code == errc::invalid_argument);
  CHECK(store.get(id(1)) == b);
  CHECK(store.bytes() == 10);
}

TEST_CASE("try_put refuses at both bounds and says what is full") {
  block_store store{{.max_bytes = 100, .max_blocks = 3}};
  REQUIRE(store.try_put(id(1), make_block(60)));
  const auto refused = store.try_put(id(2), make_block(41));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::limit_exceeded);
  CHECK(refused.error().message.find("input-0-2") != std::string::npos);
  CHECK(refused.error().message.find("60 of 100") != std::string::npos);
  CHECK(store.try_put(id(2), make_block(40)));
  CHECK(store.try_put(id(3), make_block(0)));
  CHECK_FALSE(store.try_put(id(4), make_block(0)));
  CHECK(store.blocks() == 3);
}

TEST_CASE("a block larger than the bound gets in when the store is empty") {
  block_store store{{.max_bytes = 100}};
  REQUIRE(store.try_put(id(1), make_block(1)));
  CHECK_FALSE(store.try_put(id(2), make_block(101)));
  release(store, {id(1)});
  CHECK(store.try_put(id(2), make_block(101)));
  CHECK_FALSE(store.try_put(id(3), make_block(0)));
  CHECK(store.stats().bytes_max == 101);
}

TEST_CASE("put waits for room, tells so once, and goes on when there is room") {
  std::latch waits{1};
  std::atomic<int> told = 0;
  block_store store{{.max_bytes = 100}, [&](const block_store_stats& s) {
                      CHECK(s.waiting == 1);
                      CHECK(s.bytes == 90);
                      ++told;
                      waits.count_down();
                    }};
  REQUIRE(store.put(id(1), make_block(50), {}));
  REQUIRE(store.put(id(2), make_block(40), {}));
  pending_put third{store, waits, id(3), 50};
  CHECK(store.get(id(3)) == nullptr);
  CHECK(store.waiting() == 1);
  // Room for a small block does not let it overtake.
  CHECK_FALSE(store.try_put(id(4), make_block(1)));
  release(store, {id(2)});
  CHECK(third.answer.get_future().get());
  CHECK(store.get(id(3)) != nullptr);
  CHECK(store.waiting() == 0);
  CHECK(told == 1);
  CHECK(store.stats().waits == 1);
}

TEST_CASE("a stop request ends the wait and stores nothing; others go on") {
  std::latch first_waits{1}, second_waits{1};
  block_store store{{.max_bytes = 100}, [&](const block_store_stats& s) {
                      (s.waiting == 1 ? first_waits : second_waits).count_down();
                    }};
  REQUIRE(store.put(id(1), make_block(60), {}));
  pending_put large{store, first_waits, id(2), 90};
  pending_put small{store, second_waits, id(3), 40};
  large.thread.request_stop();
  const auto cancelled = large.answer.get_future().get();
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == errc::cancelled);
  CHECK(cancelled.error().message.find("input-0-2") != std::string::npos);
  CHECK(small.answer.get_future().get());
  CHECK(store.get(id(2)) == nullptr);
  CHECK(store.bytes() == 100);
}

TEST_CASE("with room, a block is stored in spite of a stop request") {
  block_store store{{.max_bytes = 100}};
  std::stop_source stopped;
  stopped.request_stop();
  CHECK(store.put(id(1), make_block(10), stopped.get_token()));
  CHECK(store.put(id(2), make_block(95), stopped.get_token()).error().code == errc::cancelled);
  CHECK(store.waiting() == 0);
}

TEST_CASE("of two puts of one number that both wait, the second is refused") {
  std::latch first_waits{1}, second_waits{1};
  block_store store{{.max_bytes = 10}, [&](const block_store_stats& s) {
                      (s.waiting == 1 ? first_waits : second_waits).count_down();
                    }};
  REQUIRE(store.put(id(1), make_block(10), {}));
  pending_put first{store, first_waits, id(2), 5};
  pending_put second{store, second_waits, id(2), 5};
  release(store, {id(1)});
  CHECK(first.answer.get_future().get());
  const auto refused = second.answer.get_future().get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::already_exists);
  CHECK(store.bytes() == 5);
}

TEST_CASE("producers and a consumer on many threads: all blocks pass, the bound holds") {
  constexpr std::uint32_t producers = 4;
  constexpr std::uint64_t each = 300;
  block_store store{{.max_bytes = 64, .max_blocks = 10}};
  std::atomic<std::uint64_t> stored = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t p = 0; p < producers; ++p)
      threads.emplace_back([&, p](std::stop_token stop) {
        for (std::uint64_t n = 0; n < each; ++n)
          if (store.put(id(n, p), make_block(1 + n % 40), stop))
            ++stored;
      });
    std::vector<std::uint64_t> next(producers, 0);
    for (std::uint64_t seen = 0; seen < producers * each;) {
      for (std::uint32_t p = 0; p < producers; ++p)
        if (const auto b = store.get(id(next[p], p))) {
          if (b->bytes() != 1 + next[p] % 40)
            FAIL("another block under this id");
          release(store, {id(next[p]++, p)});
          ++seen;
        }
      std::this_thread::yield();
    }
  }
  CHECK(stored == producers * each);
  CHECK(store.bytes() == 0);
  CHECK(store.blocks() == 0);
  CHECK(store.stats().bytes_max <= 64);
}

TEST_CASE("bounds of zero are refused") {
  CHECK(validate(block_store_options{}));
  CHECK_THROWS_AS((block_store{{.max_bytes = 0}}), stream_error);
  CHECK_THROWS_AS((block_store{{.max_blocks = 0}}), stream_error);
}
