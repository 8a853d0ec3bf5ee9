#include "millrace/codec/codec.hpp"
#include "millrace/flow/batch_feed.hpp"

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("a split of a rate stream gives the same numbers however often it is read") {
  rate_source source{5, seconds(1), 2};
  source.plan(batch_time{1000}, {});
  const auto split = source.plan(batch_time{2000}, {}).value().at(0);
  CHECK(split.records == 5);
  CHECK(split.description == "the numbers from 5 up to 10");
  for (int i = 0; i < 2; ++i) {
    const auto blocks = source.read(split).value();
    REQUIRE(blocks.size() == 2);
    const auto numbers = static_cast<const typed_block<std::int64_t>&>(*blocks[1]).items();
    CHECK(std::vector(numbers.begin(), numbers.end()) == std::vector<std::int64_t>{7, 8, 9});
  }
}

TEST_CASE("a split of a rate stream that is damaged is an error") {
  const rate_source source{5, seconds(1), 2};
  const std::pair<std::int64_t, std::int64_t> backwards{5, 4};
  input_split split;
  CHECK_FALSE(source.read(split));
  split.what = encode_value(backwards);
  CHECK(source.read(split).error().code == errc::corrupt_data);
}

TEST_CASE("a rate stream goes on from a position") {
  rate_source uninterrupted{7, seconds(1), 2};
  auto restarted = std::make_unique<rate_source>(7, seconds(1), 2);
  for (std::int64_t s = 1; s <= 20; ++s) {
    const input_limits limits{.records = s % 5 == 0 ? 3U : 100U};
    const auto expected = uninterrupted.plan(batch_time{s * 1000}, limits).value().at(0);
    CHECK(restarted->plan(batch_time{s * 1000}, limits).value().at(0).description ==
          expected.description);
    if (s % 3 == 0 || s == 1) {
      const auto position = restarted->position();
      restarted = std::make_unique<rate_source>(7, seconds(1), 2);
      REQUIRE(restarted->resume(position));
    }
  }
  const auto fresh = rate_source{7, seconds(1), 2}.position();
  REQUIRE(restarted->resume(fresh));
  CHECK(restarted->plan(batch_time{9000}, {}).value().at(0).description ==
        "the numbers from 0 up to 7");
  CHECK_FALSE(restarted->resume({1, 2, 3}));
}

TEST_CASE("a source without a position refuses one") {
  constant_source source{{}};
  CHECK(source.position().empty());
  CHECK(source.resume({}));
  const auto refused = source.resume({1, 2, 3});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "this source keeps no position, and cannot go on from one of 3 bytes");
}

TEST_CASE("sources say what they can give again") {
  CHECK(to_string(rate_source{1, seconds(1), 1}.recovers()) == "by position");
  CHECK(to_string(constant_source{{}}.recovers()) == "by time");
  CHECK(to_string(queue_source<int>{nullptr, true, {}}.recovers()) == "none");
}
