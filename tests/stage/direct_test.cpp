#include "millrace/stage/direct.hpp"
#include "stage/exchange_harness.hpp"

#include <numeric>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

constexpr int chunk = chunk_capacity<int>;

/// Writes down the sizes of its chunks.
struct noting_reader {
  void begin_batch(const batch_context& context, std::uint32_t partition) {
    calls += "begin(" + std::to_string(context.time.ms()) + "," + std::to_string(partition) + ")";
  }
  void add(std::span<int> chunk_of) {
    calls += " " + std::to_string(chunk_of.size());
    records.insert(records.end(), chunk_of.begin(), chunk_of.end());
  }
  void end_batch() { calls += " end"; }

  std::string calls;
  ints records;
};

ints numbers(int from, int n) {
  ints all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), from);
  return all;
}

/// The calls for chunks of these sizes, in partitions of their own; checks the records.
std::string calls_for(direct_writer<noting_reader, int>& writer, noting_reader& reader,
                      const ints& sizes) {
  reader = {};
  std::vector<ints> partitions;
  int sent = 0;
  for (int n : sizes) {
    partitions.push_back(numbers(sent, n));
    sent += n;
  }
  CHECK(write_all<int>(writer, partitions, context_at(1000), chunk) ==
        std::vector<payload_ptr>{nullptr});
  CHECK(reader.records == numbers(0, sent));
  return reader.calls;
}

} // namespace

TEST_CASE("a direct writer passes on large chunks as they come and gathers small ones") {
  noting_reader reader;
  direct_writer<noting_reader, int> writer{reader, 3};
  CHECK(calls_for(writer, reader, {}) == "begin(1000,3) end");
  CHECK(calls_for(writer, reader, {chunk, chunk}) == "begin(1000,3) 1024 1024 end");
  CHECK(calls_for(writer, reader, {1, 2, 3}) == "begin(1000,3) 6 end");
  CHECK(calls_for(writer, reader, {1, chunk / 4, 2}) == "begin(1000,3) 1 256 2 end");
  CHECK(calls_for(writer, reader, ints(20, 100)) == "begin(1000,3) 1024 976 end");
}

TEST_CASE("lanes come as they are written") {
  noting_reader reader;
  direct_writer<noting_reader, int> writer{reader, 0};
  writer.reset(context_at(1));
  for (std::uint32_t i = 0; i < 6; ++i) {
    int record = static_cast<int>(i);
    static_cast<consumer<int>&>(writer.lane_input(i % 2)).consume({&record, 1});
  }
  writer.take();
  CHECK(reader.records == numbers(0, 6));
}

TEST_CASE("a new attempt starts without what the last one gathered") {
  noting_reader reader;
  direct_writer<noting_reader, int> writer{reader, 0};
  auto& in = static_cast<consumer<int>&>(writer.lane_input(0));
  int record = 7;
  writer.reset(context_at(1));
  in.consume({&record, 1});
  writer.reset(context_at(1));
  in.consume({&record, 1});
  writer.take();
  CHECK(reader.records == ints{7});
}
