#include "millrace/base/ids.hpp"

#include <sstream>
#include <type_traits>
#include <unordered_set>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

static_assert(!std::is_convertible_v<std::uint32_t, stream_id>);
static_assert(!std::is_convertible_v<stream_id, node_id>);
static_assert(!std::is_constructible_v<stream_id, node_id>);
static_assert(sizeof(stream_id) == sizeof(std::uint32_t));
static_assert(stream_id{}.value() == 0);
static_assert(stream_id{1} < stream_id{2} && stream_id{2} == stream_id{2});

TEST_CASE("ids print as their number") {
  std::ostringstream out;
  out << stream_id{7} << ' ' << block_id{stream_id{3}, 42};
  CHECK(out.str() == "7 input-3-42");
  CHECK(to_string(partition_id{4'294'967'295U}) == "4294967295");
}

TEST_CASE("blocks are ordered by stream and then by number") {
  CHECK(block_id{stream_id{0}, 9} < block_id{stream_id{1}, 0});
  CHECK(block_id{stream_id{1}, 0} < block_id{stream_id{1}, 1});
  CHECK(block_id{stream_id{1}, 1} == block_id{stream_id{1}, 1});
  CHECK(block_id{stream_id{1}, 1} != block_id{stream_id{1}, 1, 1});
  CHECK(std::hash<block_id>{}({stream_id{1}, 1}) != std::hash<block_id>{}({stream_id{1}, 1, 1}));
  CHECK(to_string(block_id{stream_id{1}, 4, 2}) == "input-1-4.2");
}

TEST_CASE("hashes of the blocks of several streams do not collide") {
  std::unordered_set<std::size_t> hashes;
  std::unordered_set<block_id> blocks;
  for (std::uint32_t stream = 0; stream < 16; ++stream)
    for (std::uint64_t number = 0; number < 1'000; ++number) {
      const block_id id{stream_id{stream}, number};
      hashes.insert(std::hash<block_id>{}(id));
      blocks.insert(id);
    }
  CHECK(blocks.size() == 16'000);
  CHECK(hashes.size() >= 15'990);
}

} // namespace
