#include "millrace/state/huge_memory.hpp"
#include "millrace/state/piece_pool.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/zeroed_array.hpp"
#include "support/seed.hpp"

#include <atomic>
#include <cstring>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using detail::huge_page;

namespace {
std::uintptr_t address(const void* at) { return reinterpret_cast<std::uintptr_t>(at); }
} // namespace

TEST_CASE("huge memory is aligned, zero, counted, and goes back") {
  const std::size_t before = detail::huge_bytes_held();
  for (std::size_t bytes : {std::size_t{1}, huge_page, huge_page + 1, 5 * huge_page}) {
    auto* memory = static_cast<unsigned char*>(detail::allocate_huge(bytes));
    CHECK(address(memory) % huge_page == 0);
    CHECK(detail::huge_bytes_held() - before >= bytes);
    CHECK(memory[0] == 0);
    CHECK(memory[bytes - 1] == 0);
    std::memset(memory, 1, bytes);
    detail::free_huge(memory, bytes);
  }
  CHECK(detail::huge_bytes_held() == before);
}

TEST_CASE("an array too large for the machine is an error, and nothing is held") {
  const std::size_t before = detail::huge_bytes_held();
  CHECK_THROWS_AS(detail::allocate_huge(std::size_t{1} << 60), std::bad_alloc);
  CHECK(detail::huge_bytes_held() == before);
}

TEST_CASE("an array begins with zeros, small and large, and moves") {
  for (std::size_t n : {std::size_t{0}, std::size_t{10}, std::size_t{1} << 20}) {
    detail::zeroed_array<std::uint64_t> all{n};
    for (std::size_t i = 0; i < n; ++i)
      REQUIRE(all[i] == 0);
    if (n != 0)
      all[n - 1] = 7;
    detail::zeroed_array<std::uint64_t> moved;
    moved = std::move(all);
    if (n != 0)
      CHECK(moved[n - 1] == 7);
  }
}

TEST_CASE("pieces do not overlap, come in whole regions, and empty regions but one go back") {
  constexpr std::size_t piece = 100'000;
  std::mt19937_64 random{test::seed()};
  const std::size_t before = detail::huge_bytes_held();
  {
    detail::piece_pool pool{piece};
    CHECK(pool.memory_bytes() == 0);
    std::vector<unsigned char*> taken;
    for (int step = 0; step < 2000; ++step) {
      if (taken.empty() || (random() % 3 != 0 && taken.size() < 100)) {
        auto* at = static_cast<unsigned char*>(pool.take());
        CHECK(address(at) % 64 == 0);
        std::memset(at, static_cast<int>(address(at) >> 12 & 0xff), piece);
        taken.push_back(at);
      } else {
        std::swap(taken[random() % taken.size()], taken.back());
        auto* at = taken.back();
        taken.pop_back();
        const auto mark = static_cast<unsigned char>(address(at) >> 12 & 0xff);
        CHECK(at[0] == mark);
        CHECK(at[piece - 1] == mark);
        pool.give_back(at);
      }
    }
    std::set<std::uintptr_t> regions;
    for (auto* at : taken)
      regions.insert(address(at) / huge_page);
    CHECK(pool.memory_bytes() <= (regions.size() + 1) * huge_page);
    for (auto* at : taken)
      pool.give_back(at);
    CHECK(pool.memory_bytes() == huge_page);
  }
  CHECK(detail::huge_bytes_held() == before);
}

TEST_CASE("pieces are taken and given back by many threads") {
  detail::piece_pool pool{huge_page / 16};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 500; ++i) {
        auto* a = static_cast<int*>(pool.take());
        auto* b = static_cast<int*>(pool.take());
        *a = *b = t;
        pool.give_back(a);
        pool.give_back(b);
      }
    });
  threads.clear();
  CHECK(pool.memory_bytes() == huge_page);
}

TEST_CASE("a large store lies in huge pages, its snapshots outlive it, and all goes back") {
  const std::size_t before = detail::huge_bytes_held();
  const std::size_t n = 600'000;
  std::size_t seen = 0;
  {
    std::optional<state_snapshot<std::uint64_t, std::uint64_t>> snapshot;
    {
      state_store<std::uint64_t, std::uint64_t> states(hash_seed{3});
      for (std::uint64_t key = 0; key < n; ++key)
        states.restore(key, key + 1, batch_time(1));
      CHECK(detail::huge_bytes_held() > before);
      snapshot = states.full_snapshot();
      states.begin(batch_time(2));
      for (std::uint64_t key = 0; key < n; key += 100)
        states.put(key, key_hash<std::uint64_t>{}(key, states.seed()), 0);
      states.commit();
    }
    snapshot->for_each([&](std::uint64_t key, std::uint64_t value, batch_time) {
      seen += value == key + 1 ? 1 : 0;
    });
  }
  CHECK(seen == n);
  CHECK(detail::huge_bytes_held() == before);
}

TEST_CASE("the undo log keeps the memory that the last batch used, and no more") {
  state_store<std::uint64_t, std::uint64_t> states(hash_seed{4});
  auto touch = [&states, time = 0](std::uint64_t n) mutable {
    states.begin(batch_time(++time));
    for (std::uint64_t key = 0; key < n; ++key)
      states.put(key, key_hash<std::uint64_t>{}(key, states.seed()), key);
    states.commit();
    return states.memory_bytes();
  };
  constexpr std::uint64_t n = 100'000;
  touch(n);
  const std::size_t all = touch(n);
  CHECK(touch(n) == all);
  const std::size_t few = touch(10);
  CHECK(all - few >= n * 16);
  CHECK(touch(0) <= few);
}
