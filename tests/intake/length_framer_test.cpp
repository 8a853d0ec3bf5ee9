#include "millrace/base/random.hpp"
#include "millrace/block/text_assembler.hpp"
#include "millrace/intake/length_framer.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace std::string_view_literals;

namespace {

struct outcome {
  std::vector<std::string> records;
  std::optional<error> failure;
};

template <class F>
outcome frame(std::string_view input, std::size_t limit, F next_read) {
  auto pool = std::make_shared<arena_pool>(arena_pool_options{.arena_bytes = 32});
  text_assembler assembler{pool, std::make_unique<length_framer>(limit), 4};
  outcome out;
  auto take = [&](const text_piece& piece) {
    for (auto slice : piece.slices)
      out.records.emplace_back(piece.storage->data() + slice.begin, slice.size);
  };
  while (!input.empty() && !assembler.failure()) {
    const auto room = assembler.writable();
    const auto n = std::min({next_read(), input.size(), room.size()});
    std::memcpy(room.data(), input.data(), n);
    input.remove_prefix(n);
    take(assembler.commit(n));
  }
  take(assembler.finish());
  out.failure = assembler.failure();
  return out;
}

std::string framed(std::string_view payload) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(payload.size() >> shift & 0xff);
  return out.append(payload);
}

} // namespace

TEST_CASE("any frames, read in any sizes, come out as they went in") {
  seeded_random random{test::seed()};
  for (int round = 0; round < 500; ++round) {
    std::string input;
    std::vector<std::string> payloads;
    for (auto n = random.below(20); n > 0; --n) {
      std::string payload;
      for (auto bytes = random.below(300); bytes > 0; --bytes)
        payload += static_cast<char>(random.below(256));
      input += framed(payload);
      payloads.push_back(std::move(payload));
    }
    const auto largest = 1 + random.below(100);
    const auto out = frame(input, 300, [&] { return 1 + random.below(largest); });
    CHECK(out.records == payloads);
    CHECK_FALSE(out.failure);
  }
}

TEST_CASE("bad frames: what came before is good, the error says where and what") {
  struct row {
    std::string_view input;
    errc code;
    std::vector<std::string_view> mentions;
  };
  const row rows[] = {
      {"\0\0\0\2hi\xff\xff\xff\xfe"sv, errc::corrupt_data, {"offset 6", "-2", "10"}},
      {"\0\0\0\2hi\x80\0\0\0"sv, errc::corrupt_data, {"offset 6", "-2147483648"}},
      {"\0\0\0\2hi\0\0\0\x0b"sv, errc::too_large, {"offset 6", "11", "max_record_bytes is 10"}},
      {"\0\0\0\2hi\x7f\xff\xff\xff"sv, errc::too_large, {"offset 6", "2147483647"}},
      {"\0\0\0\2hi\0\0"sv, errc::end_of_stream, {"offset 6", "2 of 4"}},
      {"\0\0\0\2hi\0\0\0\x05"
       "abc"sv,
       errc::end_of_stream,
       {"offset 6", "3 of 5"}},
  };
  for (const auto& [input, code, mentions] : rows)
    for (std::size_t read : {1, 3, 100}) {
      const auto out = frame(input, 10, [&] { return read; });
      CHECK(out.records == std::vector<std::string>{"hi"});
      REQUIRE(out.failure);
      CHECK(out.failure->code == code);
      for (auto word : mentions) {
        CAPTURE(out.failure->message);
        CAPTURE(word);
        CHECK(out.failure->message.find(word) != std::string::npos);
      }
    }
}

TEST_CASE("empty payloads and the limit itself are fine") {
  const auto out =
      frame(framed("") + framed("0123456789") + framed(""), 10, [] { return std::size_t{7}; });
  CHECK(out.records == std::vector<std::string>{"", "0123456789", ""});
  CHECK_FALSE(out.failure);
}

TEST_CASE("a limit of nothing or of more than an arena is refused") {
  CHECK_THROWS_AS(length_framer{0}, stream_error);
  CHECK_THROWS_AS(length_framer{length_framer::largest_max_record_bytes + 1}, stream_error);
}
