#include "millrace/base/error.hpp"
#include "millrace/block/arena.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using millrace::arena;
using millrace::arena_pool;
using millrace::errc;
using millrace::stream_error;

TEST_CASE("an arena beyond 32-bit offsets is refused with what to do") {
  try {
    arena too_large{arena::max_capacity + 1};
    FAIL("made an arena that offsets cannot address");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::too_large);
    CHECK(std::string{e.what()}.find("max_record_bytes") != std::string::npos);
  }
}

TEST_CASE("a pool gives at least what is asked for and reuses what comes back") {
  arena_pool pool{{.arena_bytes = 100, .max_free_bytes = 1000}};
  auto first = pool.acquire();
  CHECK(first->capacity() == 100);
  auto* memory = first->data();
  first.reset();
  CHECK(pool.free_bytes() == 100);
  auto again = pool.acquire(60);
  CHECK(again->data() == memory);
  CHECK(pool.created() == 1);
  CHECK(pool.free_bytes() == 0);
  CHECK(pool.acquire(101)->capacity() == 101);
}

TEST_CASE("the smallest unused arena that is large enough is taken") {
  arena_pool pool{{.arena_bytes = 10, .max_free_bytes = 1000}};
  { auto a = pool.acquire(300), b = pool.acquire(50), c = pool.acquire(100); }
  CHECK(pool.free_bytes() == 450);
  CHECK(pool.acquire(60)->capacity() == 100);
  CHECK(pool.acquire(10)->capacity() == 50);
  CHECK(pool.acquire(301)->capacity() == 301);
}

TEST_CASE("unused arenas are kept up to the bound only") {
  arena_pool pool{{.arena_bytes = 100, .max_free_bytes = 250}};
  {
    auto a = pool.acquire(), b = pool.acquire(), c = pool.acquire();
    auto large = pool.acquire(251);
  }
  CHECK(pool.free_bytes() == 200);
}

TEST_CASE("arenas outlive their pool") {
  auto pool = std::make_unique<arena_pool>();
  auto held = pool->acquire(10);
  auto unused = pool->acquire(10);
  unused.reset();
  pool.reset();
  std::memset(held->data(), 1, held->capacity());
  CHECK(held->data()[9] == 1);
}

TEST_CASE("arenas may be dropped on other threads while new ones are taken") {
  arena_pool pool{{.arena_bytes = 64, .max_free_bytes = 640}};
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        std::vector<std::shared_ptr<arena>> mine;
        for (int i = 0; i < 500; ++i) {
          auto a = pool.acquire();
          std::memset(a->data(), t, a->capacity());
          mine.push_back(std::move(a));
          if (mine.size() == 8) {
            for (const auto& held : mine)
              wrong += held->data()[63] != t;
            mine.clear();
          }
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(pool.free_bytes() <= 640);
}
