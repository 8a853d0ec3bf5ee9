#include "millrace/base/random.hpp"
#include "millrace/codec/bytes.hpp"
#include "millrace/codec/decoder.hpp"
#include "millrace/codec/encoder.hpp"
#include "support/seed.hpp"

#include <string>

#include <doctest/doctest.h>
#include <msgpack/unpack.hpp>

namespace {

using namespace millrace;

template <class T>
errc code_of(const result<T>& r) {
  return r ? errc::ok : r.error().code;
}

TEST_CASE("a count is believed only as far as there are bytes for it") {
  const bytes array{0xdd, 0xff, 0xff, 0xff, 0xff, 0x01, 0x02};
  const auto refused = decoder{array}.enter_array();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt_data);
  CHECK(refused.error().message ==
        "at byte 5: 4294967295 items are announced, but only 2 bytes are left");
  const bytes map{0x82, 0x01, 0x02, 0x03};
  CHECK(code_of(decoder{map}.enter_map()) == errc::corrupt_data);
  const bytes text{0xdb, 0xff, 0xff, 0xff, 0xff, 'a'};
  CHECK(code_of(decoder{text}.read_text()) == errc::corrupt_data);
  CHECK(code_of(decoder{text}.skip()) == errc::corrupt_data);
  const bytes bin{0xc4, 0x02, 'a'};
  CHECK(code_of(decoder{bin}.read_bytes()) == errc::corrupt_data);
}

TEST_CASE("the limits hold, to the last item") {
  encoder out;
  out.begin_array(3);
  for (int i = 0; i < 3; ++i)
    out.write_signed(i);
  const auto items = out.take();
  CHECK(decoder{items, {.max_items = 3}}.enter_array() == 3U);
  CHECK(code_of(decoder{items, {.max_items = 2}}.enter_array()) == errc::too_large);
  CHECK(code_of(decoder{items, {.max_items = 2}}.skip()) == errc::too_large);
  out.write_text("abc");
  const auto text = out.take();
  CHECK(decoder{text, {.max_text_bytes = 3}}.read_text() == "abc");
  const auto refused = decoder{text, {.max_text_bytes = 2}}.read_text();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::too_large);
  CHECK(refused.error().message.find("3 bytes; at most 2") != std::string::npos);
}

TEST_CASE("nesting stops at its limit and is given back by leave") {
  const bytes deep(100, 0x91);
  decoder in{deep, {.max_depth = 10}};
  for (int i = 0; i < 10; ++i)
    REQUIRE(in.enter_array());
  CHECK(code_of(in.enter_array()) == errc::too_large);

  const bytes flat(100, 0x90);
  decoder again{flat, {.max_depth = 1}};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(again.enter_array() == 0U);
    again.leave();
  }
  CHECK(again.expect_end());
}

TEST_CASE("skip passes over deep nesting without using the stack") {
  bytes deep(1'000'000, 0x91);
  deep.push_back(0x01);
  decoder in{deep};
  CHECK(in.skip());
  CHECK(in.expect_end());
  deep.pop_back();
  CHECK(code_of(decoder{deep}.skip()) == errc::corrupt_data);
}

TEST_CASE("numbers written in a longer form than needed are read") {
  const bytes long_five{0xd3, 0, 0, 0, 0, 0, 0, 0, 5};
  CHECK(decoder{long_five}.read_signed() == 5);
  CHECK(decoder{long_five}.read_unsigned() == 5U);
  const bytes long_minus{0xd1, 0xff, 0xff};
  CHECK(decoder{long_minus}.read_signed() == -1);
}

TEST_CASE("bytes that begin nothing, and the empty input") {
  const bytes never{0xc1};
  CHECK(code_of(decoder{never}.read_nil()) == errc::corrupt_data);
  CHECK(code_of(decoder{never}.skip()) == errc::corrupt_data);
  CHECK(code_of(decoder{{}}.read_bool()) == errc::corrupt_data);
  CHECK_FALSE(decoder{{}}.next_is_nil());
  CHECK(decoder{{}}.expect_end());
  const bytes nil{0xc0};
  CHECK(decoder{nil}.next_is_nil());
  CHECK(decoder{nil}.read_nil());
}

/// Appends a random value of every kind, msgpack-c's extensions included.
void append_random(bytes& data, seeded_random& random, int depth) {
  encoder out{std::move(data)};
  switch (random.below(depth == 0 ? 7 : 10)) {
  case 0:
    out.write_nil();
    break;
  case 1:
    out.write_bool(random.below(2) == 1);
    break;
  case 2:
    out.write_signed(static_cast<std::int64_t>(random.next()) >> random.below(64));
    break;
  case 3:
    out.write_unsigned(random.next() >> random.below(64));
    break;
  case 4:
    out.write_double(random.uniform());
    break;
  case 5:
    out.write_text(std::string(random.below(300), 't'));
    break;
  case 6:
    out.write_bytes(bytes(random.below(300), 7));
    break;
  case 7: {
    const auto items = random.below(20);
    out.begin_array(items);
    data = out.take();
    for (std::uint64_t i = 0; i < items; ++i)
      append_random(data, random, depth - 1);
    return;
  }
  case 8: {
    const auto items = random.below(20);
    out.begin_map(items);
    data = out.take();
    for (std::uint64_t i = 0; i < 2 * items; ++i)
      append_random(data, random, depth - 1);
    return;
  }
  default: {
    data = out.take();
    const bytes extension{0xc7, 0x03, 0x2a, 1, 2, 3, 0xd4, 0x05, 9};
    // A lone extension of three bytes; the fixed one of one byte goes after it half of the time.
    const bool fixed = random.below(2) == 1;
    data.insert(data.end(), extension.begin() + (fixed ? 6 : 0),
                extension.begin() + (fixed ? 9 : 6));
    return;
  }
  }
  data = out.take();
}

TEST_CASE("a value ends where msgpack-c says that it ends, and a cut one never ends") {
  seeded_random random{test::seed()};
  for (int i = 0; i < 400; ++i) {
    bytes data;
    append_random(data, random, 3);
    data.push_back(0xc0);
    std::size_t end = 0;
    const auto oracle =
        msgpack::unpack(reinterpret_cast<const char*>(data.data()), data.size(), end);
    decoder in{data};
    REQUIRE(in.skip());
    REQUIRE(in.offset() == end);
    for (int k = 0; k < 20; ++k) {
      const auto n = random.below(end);
      const bytes cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
      REQUIRE(code_of(decoder{cut}.skip()) == errc::corrupt_data);
    }
  }
}

} // namespace
