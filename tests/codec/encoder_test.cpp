#include "millrace/base/error.hpp"
#include "millrace/codec/encoder.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <msgpack.hpp>

namespace {

using namespace millrace;

TEST_CASE("the bytes are those of the MessagePack specification") {
  encoder out;
  out.write_nil();
  out.write_bool(true);
  out.write_signed(-1);
  out.write_signed(127);
  out.write_unsigned(128);
  out.write_text("ab");
  out.begin_array(2);
  out.begin_map(1);
  const unsigned char one[] = {9};
  out.write_bytes(one);
  CHECK(out.buffer() ==
        bytes{0xc0, 0xc3, 0xff, 0x7f, 0xcc, 0x80, 0xa2, 'a', 'b', 0x92, 0x81, 0xc4, 0x01, 9});
  CHECK(out.take().size() == 14);
  CHECK(out.buffer().empty());
  out.write_float(1.0F);
  out.write_double(-0.0);
  CHECK(out.buffer() == bytes{0xca, 0x3f, 0x80, 0, 0, 0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("msgpack-c reads what is written") {
  encoder out;
  out.begin_array(4);
  out.write_signed(std::numeric_limits<std::int64_t>::min());
  out.write_unsigned(std::numeric_limits<std::uint64_t>::max());
  out.write_double(2.5);
  out.write_text(std::string(70'000, 'x'));
  const auto data = out.take();
  const auto handle = msgpack::unpack(reinterpret_cast<const char*>(data.data()), data.size());
  const auto read = handle->as<std::tuple<std::int64_t, std::uint64_t, double, std::string>>();
  CHECK(std::get<0>(read) == std::numeric_limits<std::int64_t>::min());
  CHECK(std::get<1>(read) == std::numeric_limits<std::uint64_t>::max());
  CHECK(std::get<2>(read) == 2.5);
  CHECK(std::get<3>(read) == std::string(70'000, 'x'));
}

TEST_CASE("more than MessagePack can count is refused before anything is written") {
  encoder out{bytes{1, 2}};
  const auto too_many = std::size_t{1} << 32U;
  for (const bool map : {false, true}) {
    errc code = errc::ok;
    try {
      map ? out.begin_map(too_many) : out.begin_array(too_many);
    } catch (const stream_error& e) {
      code = e.code();
    }
    CHECK(code == errc::too_large);
  }
  CHECK(out.buffer() == bytes{1, 2});
}

} // namespace
