#include "millrace/stage/source_reader.hpp"
#include "stage/exchange_harness.hpp"

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

TEST_CASE("each typed block is one partition; its records are copied, the block stays") {
  auto first = make_typed_block(
      std::vector<std::string>(2000, "a string that is longer than the short form"));
  auto second = make_typed_block(std::vector<std::string>{});
  auto third = make_typed_block(std::vector<std::string>{"c"});
  recording_consumer<std::string> down;
  typed_source_reader<std::string> r{down};
  for (int again = 0; again < 2; ++again) {
    down = {};
    r.read(context_at(1000), {{0, first}, {3, second}, {5, third}});
    CHECK(down.calls == "begin open(0,0) close open(0,3) close open(0,5) close end");
    CHECK(down.records.size() == 2001);
    CHECK(down.records[1999] == first->items()[0]);
    CHECK(down.empty_chunks == 0);
    CHECK(down.largest_chunk <= chunk_capacity<std::string>);
  }
}

TEST_CASE("text blocks are read as views into their arena") {
  std::vector<std::string_view> lines(3000, "line");
  lines[2999] = "";
  auto block = make_text_block(lines);
  recording_consumer<std::string_view> down;
  text_source_reader r{down};
  r.read(context_at(1000), {{0, block}});
  CHECK(down.records == lines);
  CHECK(down.records[1].data() == block->record(1).data());
  CHECK(down.largest_chunk <= chunk_capacity<std::string_view>);
}

TEST_CASE("no block: the life cycle without a partition") {
  recording_consumer<int> down;
  typed_source_reader<int> r{down};
  r.read(context_at(1000), {});
  CHECK(down.calls == "begin end");
}
