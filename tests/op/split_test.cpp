#include "op/recording_consumer.hpp"

#include "millrace/op/split.hpp"

#include <doctest/doctest.h>

#include <string>

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
  CHECK(pieces(split(' '), {"a b", "", " c", "d  e ", "   "}).records
        == views{"a", "b", "", "", "c", "d", "", "e"});
  CHECK(pieces(split(','), {"x,,y,,", "no separator"}).records == views{"x", "", "y", "no separator"});
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
