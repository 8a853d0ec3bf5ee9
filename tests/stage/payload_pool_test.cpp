#include "millrace/stage/records_payload.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;

namespace {
using numbers = records_payload<int>;
} // namespace

TEST_CASE("what all readers have let go of is used again, empty, with its memory") {
  payload_pool<numbers> pool{2};
  auto first = pool.get();
  first->items.assign(1000, 7);
  first->hashes.assign(1000, 7);
  first->keep = std::make_shared<int>(1);
  std::weak_ptr<const void> kept = first->keep;
  const auto* memory = first->items.data();
  payload_ptr reader = first;
  first.reset();
  CHECK(pool.get()->items.data() != memory);
  reader.reset();
  CHECK(kept.expired());
  std::shared_ptr<numbers> again = pool.get();
  if (again->items.capacity() == 0)
    again = pool.get();
  again->items.resize(1);
  CHECK(again->items.data() == memory);
  CHECK(again->items.size() == 1);
  CHECK(again->hashes.empty());
}

TEST_CASE("no more than the bound wait, and they are used in turn") {
  payload_pool<numbers> pool{2};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::shared_ptr<numbers>> out;
    std::size_t with_memory = 0;
    for (int i = 0; i < 4; ++i) {
      out.push_back(pool.get());
      with_memory += out.back()->items.capacity() == 0 ? 0 : 1;
      out.back()->items.resize(100);
    }
    CHECK(with_memory == (round == 0 ? 0 : 2));
  }
  for (int round = 0; round < 2; ++round)
    pool.get()->trim();
  CHECK(pool.get()->items.capacity() == 0);
  CHECK(pool.get()->items.capacity() == 0);
}

TEST_CASE("a payload outlives its pool") {
  std::optional<payload_pool<numbers>> pool{2};
  auto out = pool->get();
  out->items.assign(10, 1);
  pool.reset();
  CHECK(out->items.size() == 10);
}

TEST_CASE("readers on other threads let go while the owner fills the next") {
  payload_pool<records_payload<std::string>> pool{2};
  std::atomic<std::size_t> read = 0;
  for (int round = 0; round < 200; ++round) {
    auto filled = pool.get();
    CHECK(filled->items.empty());
    filled->items.assign(50, "longer than a short string " + std::to_string(round));
    std::shared_ptr<const records_payload<std::string>> shared = std::move(filled);
    std::jthread one{[&read, shared] { read += shared->items.size(); }};
    std::jthread two{[&read, held = std::move(shared)]() mutable {
      read += held->items.size();
      held.reset();
    }};
  }
  CHECK(read == 200 * 100);
}
