#include "millrace/base/random.hpp"
#include "millrace/block/block_builder.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using time_point = block_cut_policy::time_point;
using strings = std::vector<std::string>;

/// Lays words one after the other into an arena, as a framer would find them.
class writer {
public:
  text_piece piece(const strings& words) {
    text_piece out{storage_, {}, 0};
    for (const auto& word : words) {
      if (!word.empty())
        std::memcpy(storage_->data() + at_, word.data(), word.size());
      out.slices.push_back({at_, static_cast<std::uint32_t>(word.size())});
      at_ += static_cast<std::uint32_t>(word.size()) + 1;
    }
    out.bytes = span_bytes(out.slices);
    return out;
  }

private:
  std::shared_ptr<arena> storage_ = std::make_shared<arena>(std::size_t{1} << 16);
  std::uint32_t at_ = 0;
};

strings records(const block_ptr& b) {
  strings out;
  const auto& text = dynamic_cast<const text_block&>(*b);
  for (std::size_t i = 0; i < text.records(); ++i)
    out.emplace_back(text.record(i));
  return out;
}

template <class T>
std::vector<T> items(const block_ptr& b) {
  const auto all = dynamic_cast<const typed_block<T>&>(*b).items();
  return {all.begin(), all.end()};
}

} // namespace

TEST_CASE("text: pieces of one arena become one block at the cut") {
  text_block_builder builder{1000};
  writer w;
  CHECK(builder.cut() == nullptr);
  CHECK(builder.add({}).empty());
  CHECK(builder.add(w.piece({"a", "bc"})).empty());
  CHECK(builder.add(w.piece({"d"})).empty());
  CHECK(builder.pending_records() == 3);
  const auto b = builder.cut();
  REQUIRE(b);
  CHECK(records(b) == strings{"a", "bc", "d"});
  CHECK(b->bytes() == 6 + 3 * sizeof(text_slice));
  CHECK(builder.pending_bytes() == 0);
  CHECK(builder.cut() == nullptr);
}

TEST_CASE("text: another arena begins another block") {
  text_block_builder builder{1000};
  writer one, two;
  CHECK(builder.add(one.piece({"a"})).empty());
  const auto done = builder.add(two.piece({"b"}));
  REQUIRE(done.size() == 1);
  CHECK(records(done[0]) == strings{"a"});
  CHECK(records(builder.cut()) == strings{"b"});
}

TEST_CASE("text: blocks stay under the limit; a larger record is a block of its own") {
  // A word of 2 bytes costs 3 in the arena and 8 for its slice: three make 2 * 3 + 2 + 3 * 8 = 32.
  text_block_builder builder{32};
  writer w;
  auto done = builder.add(w.piece({"aa", "bb", "cc"}));
  CHECK(done.empty());
  done = builder.add(w.piece({"dd", "ee", "ff", "gg"}));
  REQUIRE(done.size() == 2);
  CHECK(records(done[0]) == strings{"aa", "bb", "cc"});
  CHECK(records(done[1]) == strings{"dd", "ee", "ff"});
  const auto large = std::string(100, 'x');
  done = builder.add(w.piece({large, "hh"}));
  REQUIRE(done.size() == 2);
  CHECK(records(done[0]) == strings{"gg"});
  CHECK(records(done[1]) == strings{large});
  CHECK(records(builder.cut()) == strings{"hh"});
}

TEST_CASE("text: any pieces in any arenas come out whole, in order and within the limit") {
  seeded_random random{test::seed()};
  for (int round = 0; round < 200; ++round) {
    const auto limit = 1 + random.below(200);
    text_block_builder builder{limit};
    strings given, seen;
    auto take = [&](const block_ptr& b) {
      REQUIRE(b->records() > 0);
      CHECK((b->bytes() <= limit || b->records() == 1));
      for (auto& r : records(b))
        seen.push_back(std::move(r));
    };
    writer w;
    for (auto pieces = random.below(30); pieces > 0; --pieces) {
      if (random.below(8) == 0)
        w = writer{};
      strings words;
      for (auto n = random.below(12); n > 0; --n)
        words.emplace_back(random.below(random.below(10) == 0 ? 300 : 12), 'a');
      given.insert(given.end(), words.begin(), words.end());
      std::ranges::for_each(builder.add(w.piece(words)), take);
      if (random.below(10) == 0)
        if (auto b = builder.cut())
          take(b);
    }
    if (auto b = builder.cut())
      take(b);
    CHECK(seen == given);
  }
}

TEST_CASE("typed: cut at the limit and on demand") {
  typed_block_builder<int> builder{3 * sizeof(int)};
  CHECK(builder.cut() == nullptr);
  CHECK(builder.add(1) == nullptr);
  CHECK(builder.add(2) == nullptr);
  CHECK(builder.pending_bytes() == 2 * sizeof(int));
  CHECK(items<int>(builder.add(3)) == std::vector{1, 2, 3});
  CHECK(builder.add(4) == nullptr);
  CHECK(items<int>(builder.cut()) == std::vector{4});
  CHECK(builder.pending_records() == 0);
}

TEST_CASE("typed: what is owned counts") {
  typed_block_builder<std::string> builder{2 * sizeof(std::string) + 10};
  CHECK(builder.add("123456") == nullptr);
  CHECK(items<std::string>(builder.add("1234")) == strings{"123456", "1234"});
}

TEST_CASE("typed: records stored together stay together, in order, however many") {
  typed_block_builder<int> builder{2 * sizeof(int)};
  CHECK(builder.add(std::vector<int>{}).empty());
  CHECK(builder.add(1) == nullptr);
  const auto both = builder.add(std::vector{2, 3, 4, 5, 6});
  REQUIRE(both.size() == 2);
  CHECK(items<int>(both[0]) == std::vector{1});
  CHECK(items<int>(both[1]) == std::vector{2, 3, 4, 5, 6});
  const auto alone = builder.add(std::vector{7});
  REQUIRE(alone.size() == 1);
  CHECK(builder.cut() == nullptr);
}

TEST_CASE("the block interval is a grid that lateness does not shift") {
  const auto t0 = time_point{1000s};
  block_cut_policy policy{milliseconds(200), t0, t0};
  CHECK(policy.deadline() == t0 + 200ms);
  CHECK_FALSE(policy.due(t0 + 199ms));
  CHECK(policy.due(t0 + 200ms));
  CHECK_FALSE(policy.due(t0 + 200ms));
  CHECK(policy.due(t0 + 450ms));
  CHECK(policy.deadline() == t0 + 600ms);
  CHECK(policy.due(t0 + 1700ms));
  CHECK_FALSE(policy.due(t0 + 1799ms));
  CHECK(policy.deadline() == t0 + 1800ms);
}

TEST_CASE("the first deadline is the next point of the grid, wherever its anchor is") {
  const auto now = time_point{1000s};
  for (auto anchor : {now - 1050ms, now - 50ms, now + 150ms, now + 1150ms})
    CHECK(block_cut_policy{milliseconds(200), anchor, now}.deadline() == now + 150ms);
  for (auto anchor : {now - 1000ms, now, now + 200ms, now + 1000ms})
    CHECK(block_cut_policy{milliseconds(200), anchor, now}.deadline() == now + 200ms);
}

TEST_CASE("bad cut options are refused") {
  CHECK(validate(block_cut_options{}));
  CHECK_FALSE(validate(block_cut_options{.max_bytes = 0}));
  CHECK_FALSE(validate(block_cut_options{.interval = milliseconds(0)}));
  CHECK_THROWS_AS((block_cut_policy{milliseconds(0), {}, {}}), stream_error);
}
