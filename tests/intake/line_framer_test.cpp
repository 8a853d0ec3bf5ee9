#include "millrace/base/random.hpp"
#include "millrace/block/text_assembler.hpp"
#include "millrace/intake/line_framer.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace std::string_view_literals;

namespace {

struct oversize {
  std::uint64_t offset;
  std::uint64_t bytes;

  friend bool operator==(const oversize&, const oversize&) = default;
};

std::ostream& operator<<(std::ostream& out, const oversize& o) {
  return out << o.bytes << "@" << o.offset;
}

struct outcome {
  std::vector<std::string> records;
  std::vector<oversize> left_out;
  std::uint64_t left_out_count = 0;

  void take(const text_piece& piece) {
    for (auto slice : piece.slices)
      records.emplace_back(piece.storage->data() + slice.begin, slice.size);
  }
};

/// What line framing means, said without buffers.
outcome reference(std::string_view input, std::size_t limit) {
  outcome out;
  for (std::size_t begin = 0; begin < input.size();) {
    const auto lf = std::min(input.find('\n', begin), input.size());
    auto line = input.substr(begin, lf - begin);
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (line.size() <= limit)
      out.records.emplace_back(line);
    else
      out.left_out.push_back({begin, line.size()});
    begin = lf + 1;
  }
  out.left_out_count = out.left_out.size();
  return out;
}

/// Frames `input` in reads of the sizes that `next_read` gives.
template <class F>
outcome frame(std::string_view input, std::size_t limit, std::size_t arena_bytes, F next_read) {
  auto pool = std::make_shared<arena_pool>(arena_pool_options{.arena_bytes = arena_bytes});
  text_assembler assembler{pool, std::make_unique<line_framer>(limit), 4};
  outcome out;
  auto note = [&](const text_piece& piece) {
    out.take(piece);
    for (auto o : assembler.framer().take_oversize()) {
      CHECK(o.limit == limit);
      out.left_out.push_back({o.offset, o.bytes});
    }
    // The limit, a torn terminator, and what one read may have brought.
    CHECK(assembler.unfinished_bytes() <= limit + 1);
  };
  while (!input.empty()) {
    const auto room = assembler.writable();
    const auto n = std::min({next_read(), input.size(), room.size()});
    std::memcpy(room.data(), input.data(), n);
    input.remove_prefix(n);
    note(assembler.commit(n));
  }
  note(assembler.finish());
  CHECK_FALSE(assembler.failure());
  out.left_out_count = assembler.framer().oversize_count();
  return out;
}

} // namespace

TEST_CASE("lines: table") {
  struct row {
    std::string_view input;
    std::vector<std::string> records;
  };
  const row rows[] = {
      {"", {}},
      {"a", {"a"}},
      {"a\n", {"a"}},
      {"\n", {""}},
      {"\n\n", {"", ""}},
      {"a\nb", {"a", "b"}},
      {"a\r\nb\r\n", {"a", "b"}},
      {"\r\n", {""}},
      {"a\r\r\n", {"a\r"}},
      {"a\rb\n", {"a\rb"}},
      {"a\r", {"a"}},
      {"\r", {""}},
      {"a\0b\n\0\n"sv, {std::string("a\0b", 3), std::string(1, '\0')}},
      {"\xff\xc0\n\xe2\x82\n", {"\xff\xc0", "\xe2\x82"}},
  };
  for (const auto& [input, records] : rows) {
    CAPTURE(std::string{input});
    for (std::size_t read : {1, 2, 3, 100}) {
      CAPTURE(read);
      const auto out = frame(input, 1000, 16, [&] { return read; });
      CHECK(out.records == records);
      CHECK(out.left_out_count == 0);
    }
    CHECK(reference(input, 1000).records == records);
  }
}

TEST_CASE("lines over the limit are left out and reported with offset and length") {
  struct row {
    std::string_view input;
    std::vector<std::string> records;
    std::vector<oversize> left_out;
  };
  const row rows[] = {
      {"1234\n12345\n123\n", {"1234", "123"}, {{5, 5}}},
      {"1234\r\n", {"1234"}, {}},
      {"12345\r\nok\n", {"ok"}, {{0, 5}}},
      {"1234\r", {"1234"}, {}},
      {"1234\rx\n", {}, {{0, 6}}},
      {"123456789012\r\nok\n", {"ok"}, {{0, 12}}},
      {"1234567890\r", {}, {{0, 10}}},
      {"ok\n1234567890", {"ok"}, {{3, 10}}},
      {"123456\n1234567\n\n12345678", {""}, {{0, 6}, {7, 7}, {16, 8}}},
  };
  for (const auto& [input, records, left_out] : rows) {
    CAPTURE(std::string{input});
    for (std::size_t read : {1, 2, 3, 5, 100}) {
      CAPTURE(read);
      const auto out = frame(input, 4, 16, [&] { return read; });
      CHECK(out.records == records);
      CHECK(out.left_out == left_out);
    }
  }
}

TEST_CASE("any split into reads gives the records of the reference") {
  seeded_random random{test::seed()};
  for (int round = 0; round < 3000; ++round) {
    CAPTURE(round);
    const auto alphabet = random.below(2) == 0 ? "ab\n\r"sv : "abcdefghijkl\n\r\0\xff"sv;
    const auto long_lines = random.below(3) == 0;
    std::string input;
    for (auto n = random.below(400); n > 0; --n)
      if (long_lines && random.below(40) == 0)
        input.append(random.below(100), 'x');
      else
        input += alphabet[random.below(alphabet.size())];
    const auto limit = 1 + random.below(random.below(2) == 0 ? 8 : 200);
    const auto largest = 1 + random.below(200);
    const auto arena_bytes = 4 + random.below(300);
    const auto expected = reference(input, limit);
    const auto out = frame(input, limit, arena_bytes, [&] { return 1 + random.below(largest); });
    CHECK(out.records == expected.records);
    CHECK(out.left_out_count == expected.left_out_count);
    // Within one read only the first few are kept for the report; all that are kept are true.
    CHECK(std::ranges::includes(expected.left_out, out.left_out, {}, &oversize::offset,
                                &oversize::offset));
    if (largest <= record_framer::max_reports)
      CHECK(out.left_out == expected.left_out);
  }
}

TEST_CASE("reports are bounded, the count is not") {
  std::string input;
  for (int i = 0; i < 1000; ++i)
    input += "too long\n";
  const auto out = frame(input, 4, 1 << 16, [] { return std::size_t{1} << 15; });
  CHECK(out.left_out_count == 1000);
  CHECK(out.left_out.size() == record_framer::max_reports);
  CHECK(out.left_out.back() == oversize{9 * (record_framer::max_reports - 1), 8});
}

TEST_CASE("a limit of nothing or of more than an arena is refused") {
  CHECK_THROWS_AS(line_framer{0}, stream_error);
  CHECK_THROWS_AS(line_framer{line_framer::largest_max_record_bytes + 1}, stream_error);
  CHECK_NOTHROW(line_framer{line_framer::largest_max_record_bytes});
}
