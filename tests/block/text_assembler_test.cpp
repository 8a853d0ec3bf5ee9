#include "millrace/block/text_assembler.hpp"
#include "millrace/intake/length_framer.hpp"
#include "millrace/intake/line_framer.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

text_piece feed(text_assembler& assembler, std::string_view bytes) {
  auto room = assembler.writable();
  REQUIRE(room.size() >= bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  return assembler.commit(bytes.size());
}

std::vector<std::string> records(const text_piece& piece) {
  std::vector<std::string> out;
  for (auto slice : piece.slices)
    out.emplace_back(piece.storage->data() + slice.begin, slice.size);
  return out;
}

using strings = std::vector<std::string>;

struct fixture {
  std::shared_ptr<arena_pool> pool =
      std::make_shared<arena_pool>(arena_pool_options{.arena_bytes = 32, .max_free_bytes = 1024});
  text_assembler lines{pool, std::make_unique<line_framer>(100), 8};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "records come out as their bytes complete them, in one arena") {
  const auto first = feed(lines, "ab\ncd");
  CHECK(records(first) == strings{"ab"});
  CHECK(first.bytes == 2);
  CHECK(lines.unfinished_bytes() == 2);
  const auto none = feed(lines, "ef");
  CHECK(none.slices.empty());
  CHECK(none.storage == nullptr);
  const auto second = feed(lines, "\ngh\n\n");
  CHECK(records(second) == strings{"cdef", "gh", ""});
  CHECK(second.storage == first.storage);
  CHECK(second.bytes == 8);
  CHECK(records(lines.finish()).empty());
}

TEST_CASE_FIXTURE(fixture, "only the unterminated tail moves to the next arena") {
  const auto first = feed(lines, "0123456789\n0123456789\nabc");
  const auto second = feed(lines, "def\n");
  CHECK(records(first) == strings{"0123456789", "0123456789"});
  CHECK(records(second) == strings{"abcdef"});
  CHECK(second.storage != first.storage);
  CHECK(second.slices.front().begin == 0);
}

TEST_CASE_FIXTURE(fixture, "a record may outgrow any arena up to its limit") {
  std::string expected;
  for (int i = 0; i < 12; ++i) {
    CHECK(feed(lines, "01234567").slices.empty());
    expected += "01234567";
  }
  CHECK(records(feed(lines, "\n")) == strings{expected});
}

TEST_CASE_FIXTURE(fixture, "an oversize record takes no room while it is skipped") {
  std::size_t oversize = 0;
  CHECK(records(feed(lines, "ok\n")) == strings{"ok"});
  for (int i = 0; i < 1000; ++i) {
    CHECK(feed(lines, "01234567").slices.empty());
    CHECK(lines.unfinished_bytes() <= 108);
    oversize += 8;
  }
  const auto created = pool->created();
  for (int i = 0; i < 1000; ++i)
    CHECK(feed(lines, "01234567").slices.empty());
  CHECK(pool->created() == created);
  CHECK(lines.unfinished_bytes() == 0);
  CHECK(records(feed(lines, "\nnext\n")) == strings{"next"});
  CHECK(lines.framer().oversize_count() == 1);
  CHECK(lines.framer().take_oversize().at(0).bytes == 16000);
}

TEST_CASE_FIXTURE(fixture, "the unterminated rest is the last record") {
  CHECK(records(feed(lines, "a\nb")) == strings{"a"});
  CHECK(records(lines.finish()) == strings{"b"});
  CHECK(lines.finish().slices.empty());
}

TEST_CASE_FIXTURE(fixture, "nothing read: nothing delivered") {
  CHECK(lines.finish().slices.empty());
  CHECK(pool->created() == 0);
  CHECK_FALSE(lines.writable().empty());
  CHECK(lines.commit(0).slices.empty());
  CHECK(lines.finish().slices.empty());
  CHECK_FALSE(lines.failure());
}

TEST_CASE_FIXTURE(fixture, "restart begins a new stream and drops the torn record") {
  CHECK(records(feed(lines, "a\ntorn")) == strings{"a"});
  lines.restart(std::make_unique<line_framer>(100));
  CHECK(records(feed(lines, "b\n")) == strings{"b"});
}

TEST_CASE("a framer that gives up: good records first, then the failure, then nothing") {
  text_assembler frames{std::make_shared<arena_pool>(), std::make_unique<length_framer>(10)};
  using namespace std::string_view_literals;
  const auto good = feed(frames, "\0\0\0\2hi\xff\xff\xff\xff"sv);
  CHECK(records(good) == strings{"hi"});
  REQUIRE(frames.failure());
  CHECK(frames.failure()->code == errc::corrupt_data);
  CHECK(frames.writable().empty());
  CHECK(frames.commit(0).slices.empty());
  CHECK(frames.finish().slices.empty());
  frames.restart(std::make_unique<length_framer>(10));
  CHECK_FALSE(frames.failure());
  CHECK(records(feed(frames, "\0\0\0\1x"sv)) == strings{"x"});
}

TEST_CASE("what was delivered is read by another thread while the arena is written behind it") {
  auto pool = std::make_shared<arena_pool>(
      arena_pool_options{.arena_bytes = 4096, .max_free_bytes = 65536});
  text_assembler lines{pool, std::make_unique<line_framer>(100), 64};
  std::vector<std::jthread> readers;
  std::vector<std::size_t> sums(64);
  for (auto& sum : sums) {
    auto piece = feed(lines, "some line\nanother line\nthe beginning of");
    readers.emplace_back([&sum, piece = std::move(piece)] {
      for (auto slice : piece.slices)
        for (char c : std::string_view{piece.storage->data() + slice.begin, slice.size})
          sum += static_cast<unsigned char>(c);
    });
  }
  readers.clear();
  for (std::size_t i = 2; i < sums.size(); ++i)
    CHECK(sums[i] == sums[1]);
}
