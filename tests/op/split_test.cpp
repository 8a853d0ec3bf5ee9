#include "millrace/op/split.hpp"
#include "op/recording_consumer.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using views = std::vector<std::string_view>;

recording_consumer<std::string_view> pieces(text_splitter how, views lines) {
  recording_consumer<std::string_view> down;
  split_op op{std::make_shared<const op_info>(), down, how};
  op.begin({});
  op.open({0, 0});
  op.consume(lines);
  op.close();
  op.end();
  return down;
}

} // namespace

TEST_CASE("split keeps empty fields except at the end, as Java's String.split") {
  CHECK(pieces(split(' '), {"a b", "", " c", "d  e ", "   "}).records ==
        views{"a", "b", "", "", "c", "d", "", "e"});
  CHECK(pieces(split(','), {"x,,y,,", "no separator"}).records ==
        views{"x", "", "y", "no separator"});
}

TEST_CASE("words are the runs above 0x20") {
  CHECK(pieces(words(), {"  to\tbe  ", "", " ", "or"}).records == views{"to", "be", "or"});
}

TEST_CASE("a chunk of lines with more pieces than a chunk holds gives several chunks") {
  std::string line;
  for (int i = 0; i < 5000; ++i)
    line += "w" + std::to_string(i) + " ";
  auto out = pieces(split(' '), {line, "last"});
  CHECK(out.records.size() == 5001);
  CHECK(out.records[4999] == "w4999");
  CHECK(out.records[5000] == "last");
  CHECK(out.largest_chunk <= chunk_capacity<std::string_view>);
  CHECK(out.after_close == 0);
}

TEST_CASE("lines without a piece give no chunk") {
  auto out = pieces(words(), views(3000, " "));
  CHECK(out.records.empty());
  CHECK(out.empty_chunks == 0);
}

TEST_CASE("lines end with \\n or \\r\\n; a last one needs no end, an empty text has none") {
  CHECK(pieces(lines(), {"a\nb\r\n\nc", "", "\r\n", "d\r"}).records ==
        views{"a", "b", "", "c", "", "d\r"});
  auto many = pieces(lines(), {std::string(3000, '\n')});
  CHECK(many.records.size() == 3000);
  CHECK(many.largest_chunk <= chunk_capacity<std::string_view>);
}

TEST_CASE("after a failure below, the next attempt starts afresh") {
  struct failing final : consumer<std::string_view> {
    void begin(const batch_context&) override {}
    void open(partition_order) override {}
    void consume(std::span<std::string_view> chunk) override {
      records.insert(records.end(), chunk.begin(), chunk.end());
      if (std::exchange(fails, false))
        throw std::runtime_error("below");
    }
    void close() override {}
    void end() override {}
    bool fails = true;
    views records;
  };
  for (auto how : {split(','), words(), lines()}) {
    failing down;
    split_op op{std::make_shared<const op_info>(), down, how};
    views text{"one record"};
    op.begin({});
    CHECK_THROWS_AS(op.consume(text), std::runtime_error);
    auto expected = std::exchange(down.records, {});
    op.begin({});
    op.consume(text);
    CHECK(down.records == expected);
  }
}
