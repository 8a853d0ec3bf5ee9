#include "millrace/base/random.hpp"
#include "millrace/engine/block_ledger.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

constexpr stream_id one{1}, two{2};

std::vector<block_meta> make_blocks(stream_id stream, std::uint64_t first, std::uint64_t n) {
  std::vector<block_meta> out;
  for (auto i = first; i < first + n; ++i)
    out.push_back({{stream, i}, 10 * i, 100 * i});
  return out;
}

void add(block_ledger& ledger, const std::vector<block_meta>& blocks) {
  for (const auto& b : blocks)
    REQUIRE(ledger.add_block(b));
}

std::vector<block_meta> listed(std::span<const block_meta> blocks) {
  return {blocks.begin(), blocks.end()};
}

struct fixture {
  std::vector<stream_id> streams{one, two};
  block_ledger ledger{streams};
};

const auto t1 = batch_time{1000}, t2 = batch_time{2000}, t3 = batch_time{3000};

} // namespace

TEST_CASE_FIXTURE(fixture, "received, allocated, and what comes later waits for the next batch") {
  const auto blocks = make_blocks(one, 1, 5);
  add(ledger, blocks);
  CHECK(listed(ledger.unallocated(one)) == blocks);
  CHECK(ledger.unallocated_totals() == block_totals{5, 150, 1500});

  auto batch = ledger.allocate(t1);
  REQUIRE(batch);
  CHECK((*batch)->time == t1);
  CHECK(listed((*batch)->of(one)) == blocks);
  CHECK((*batch)->of(two).empty());
  CHECK((*batch)->totals == block_totals{5, 150, 1500});
  CHECK_FALSE(ledger.has_unallocated());

  CHECK(ledger.allocate(t2).value()->totals == block_totals{});
  CHECK(listed(ledger.allocate(t1).value()->of(one)) == blocks);

  const auto later = make_blocks(one, 6, 5);
  add(ledger, later);
  CHECK(ledger.allocate(t2).value()->of(one).empty());
  CHECK(listed(ledger.unallocated(one)) == later);
  CHECK(listed(ledger.allocate(t3).value()->of(one)) == later);
  CHECK(ledger.last_allocated() == t3);
}

TEST_CASE_FIXTURE(fixture, "the limits of a stream leave its newest blocks for later batches") {
  const auto ones = make_blocks(one, 1, 4); // 10, 20, 30, 40 records
  const auto twos = make_blocks(two, 1, 4);
  add(ledger, ones);
  add(ledger, twos);
  job_input_limits limits;
  limits.of[one] = {.records = 35};
  limits.usual = {.bytes = 600};
  auto first = ledger.allocate(t1, limits).value();
  CHECK(listed(first->of(one)) == std::vector{ones[0], ones[1]});
  CHECK(listed(first->of(two)) == std::vector{twos[0], twos[1], twos[2]});
  CHECK(ledger.unallocated_totals() == block_totals{3, 110, 1100});
  auto second = ledger.allocate(t2, limits).value();
  CHECK(listed(second->of(one)) == std::vector{ones[2]});
  CHECK(listed(second->of(two)) == std::vector{twos[3]});
  auto third = ledger.allocate(t3, limits).value();
  CHECK(listed(third->of(one)) == std::vector{ones[3]});
  CHECK_FALSE(ledger.has_unallocated());
}

TEST_CASE_FIXTURE(fixture, "a hundred thousand blocks go into one batch") {
  add(ledger, make_blocks(one, 0, 100'000));
  CHECK(ledger.allocate(t1).value()->of(one).size() == 100'000);
  CHECK(ledger.done(t1).size() == 100'000);
}

TEST_CASE_FIXTURE(fixture, "a batch gets the blocks of all streams, each in order of arrival") {
  add(ledger, {{{two, 7}, 1, 1}, {{one, 9}, 1, 1}, {{two, 3}, 1, 1}});
  const auto batch = ledger.allocate(t1).value();
  CHECK(batch->streams.size() == 2);
  CHECK(batch->of(two)[0].id.number == 7);
  CHECK(batch->of(two)[1].id.number == 3);
  CHECK(batch->of(one).size() == 1);
  CHECK(batch->of(stream_id{3}).empty());
}

TEST_CASE_FIXTURE(fixture, "a block is for the first batch that is not closed when it comes, "
                           "however late that is allocated") {
  add(ledger, make_blocks(one, 0, 2));
  ledger.close(t1);
  add(ledger, make_blocks(two, 0, 1));
  ledger.close(t2);
  ledger.close(t1);
  add(ledger, make_blocks(one, 2, 1));
  CHECK(listed(ledger.allocate(t1).value()->of(one)) == make_blocks(one, 0, 2));
  CHECK(ledger.blocks_of(t1)->of(two).empty());
  CHECK(ledger.blocks_of(t1)->totals == block_totals{2, 10, 100});
  CHECK(ledger.unallocated_totals() == block_totals{2, 20, 200});
  CHECK(listed(ledger.allocate(t2).value()->of(two)) == make_blocks(two, 0, 1));
  CHECK(ledger.blocks_of(t2)->of(one).empty());
  CHECK(listed(ledger.unallocated(one)) == make_blocks(one, 2, 1));
  CHECK(listed(ledger.allocate(t3).value()->of(one)) == make_blocks(one, 2, 1));
  CHECK_FALSE(ledger.has_unallocated());
}

TEST_CASE_FIXTURE(fixture, "done forgets a batch and gives its blocks free, once") {
  add(ledger, make_blocks(one, 1, 2));
  add(ledger, make_blocks(two, 1, 1));
  const auto held = ledger.allocate(t1).value();
  CHECK(ledger.done(t2).empty());
  CHECK(ledger.batches() == 1);
  auto ids = ledger.done(t1);
  CHECK(ids == std::vector<block_id>{{one, 1}, {one, 2}, {two, 1}});
  CHECK(ledger.done(t1).empty());
  CHECK(ledger.blocks_of(t1) == nullptr);
  CHECK(ledger.batches() == 0);
  CHECK(held->totals.blocks == 3);
}

TEST_CASE_FIXTURE(fixture, "nothing slips into a batch that is done or was passed over") {
  CHECK(ledger.allocate(t2));
  add(ledger, make_blocks(one, 1, 1));
  CHECK(ledger.allocate(t1).error().code == errc::illegal_state);
  static_cast<void>(ledger.done(t2));
  const auto refused = ledger.allocate(t2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::illegal_state);
  CHECK(refused.error().message.find("2000 ms") != std::string::npos);
  CHECK(ledger.unallocated_totals().blocks == 1);
}

TEST_CASE_FIXTURE(fixture, "blocks that cannot be are refused and change nothing") {
  CHECK(ledger.add_block({{stream_id{3}, 1}, 1, 1}).error().code == errc::not_found);
  add(ledger, make_blocks(one, 1, 1));
  CHECK(ledger.add_block({{one, 1}, 1, 1}).error().code == errc::already_exists);
  CHECK(ledger.allocate(t1));
  CHECK(ledger.add_block({{one, 1}, 1, 1}).error().code == errc::already_exists);
  CHECK(ledger.unallocated_totals() == block_totals{});
  CHECK(ledger.unallocated(stream_id{3}).empty());
}

TEST_CASE("at the bound blocks are refused until a batch takes what waits") {
  const std::vector<stream_id> streams{one};
  block_ledger ledger{streams, 2};
  add(ledger, make_blocks(one, 1, 2));
  CHECK(ledger.add_block({{one, 3}, 1, 1}).error().code == errc::limit_exceeded);
  CHECK(ledger.allocate(t1));
  CHECK(ledger.add_block({{one, 3}, 1, 1}));
}

TEST_CASE_FIXTURE(fixture, "each block is in exactly one batch and is released exactly once") {
  seeded_random random{test::seed()};
  std::set<block_id> added, released;
  std::set<batch_time> open;
  std::uint64_t number = 0;
  auto t = batch_time{0};
  for (int step = 0; step < 20'000; ++step) {
    const auto what = random.below(10);
    if (what < 6) {
      const block_meta b{{random.below(2) == 0 ? one : two, number++}, random.below(9), 1};
      REQUIRE(ledger.add_block(b));
      added.insert(b.id);
    } else if (what < 8) {
      t = t + duration{1 + static_cast<std::int64_t>(random.below(3))};
      REQUIRE(ledger.allocate(t));
      open.insert(t);
    } else if (!open.empty()) {
      const auto at = std::next(open.begin(), static_cast<long>(random.below(open.size())));
      for (auto id : ledger.done(*at))
        CHECK(released.insert(id).second);
      open.erase(at);
    }
    CHECK(ledger.batches() == open.size());
  }
  REQUIRE(ledger.allocate(t + duration{1}));
  open.insert(t + duration{1});
  for (auto b : open)
    for (auto id : ledger.done(b))
      CHECK(released.insert(id).second);
  CHECK(released == added);
}
