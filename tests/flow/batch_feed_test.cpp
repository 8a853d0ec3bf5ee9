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
  split.what = encode_records(std::span{&backwards, 1});
  CHECK(source.read(split).error().code == errc::corrupt_data);
}

TEST_CASE("sources say what they can give again") {
  CHECK(to_string(rate_source{1, seconds(1), 1}.recovers()) == "by position");
  CHECK(to_string(constant_source{{}}.recovers()) == "by time");
  CHECK(to_string(queue_source<int>{nullptr, true, {}}.recovers()) == "none");
}
