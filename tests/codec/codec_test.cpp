#include "millrace/base/random.hpp"
#include "millrace/codec/codec.hpp"
#include "support/seed.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

struct point {
  int x = 0;
  int y = 0;

  friend bool operator==(const point&, const point&) = default;
};

/// A type of a user that cannot be made without a value.
class label {
public:
  explicit label(std::string text) : text_{std::move(text)} {}

  [[nodiscard]] const std::string& text() const { return text_; }

  friend bool operator==(const label&, const label&) = default;

private:
  std::string text_;
};

struct unknown {};

} // namespace

template <>
struct millrace::codec<point> {
  static void encode(encoder& out, const point& p) {
    out.begin_array(2);
    codec<int>::encode(out, p.x);
    codec<int>::encode(out, p.y);
  }

  static result<point> decode(decoder& in) {
    return codec<std::pair<int, int>>::decode(in).map([](const std::pair<int, int>& p) {
      return point{p.first, p.second};
    });
  }
};

template <>
struct millrace::codec<label> {
  static void encode(encoder& out, const label& l) { out.write_text(l.text()); }

  static result<label> decode(decoder& in) {
    return codec<std::string>::decode(in).map([](std::string text) { return label{text}; });
  }
};

namespace {

static_assert(codec_for<bool> && codec_for<char> && codec_for<std::uint64_t> && codec_for<double>);
static_assert(codec_for<std::vector<std::pair<std::string, std::optional<long>>>>);
static_assert(codec_for<std::map<label, point>> && codec_for<std::tuple<label>>);
static_assert(encodable<std::string_view> && !decodable<std::string_view>);
static_assert(!decodable<std::pair<std::string_view, int>> &&
              !decodable<std::vector<std::string_view>>);
static_assert(encodable<std::pair<std::string_view, int>>);
static_assert(!encodable<unknown> && !encodable<std::vector<unknown>> &&
              !encodable<std::optional<unknown>>);
static_assert(!codec_for<std::pair<int, unknown>> && !codec_for<std::map<int, unknown>>);

template <class T>
bytes encoded(const T& value) {
  encoder out;
  codec<T>::encode(out, value);
  return out.take();
}

template <class T>
result<T> decoded(const bytes& data) {
  decoder in{data};
  auto value = codec<T>::decode(in);
  if (value)
    if (auto end = in.expect_end(); !end)
      return tl::make_unexpected(end.error());
  return value;
}

template <class T>
void check_round_trip(const T& value) {
  CHECK((decoded<T>(encoded(value)) == value));
}

template <class T>
void check_numbers() {
  using limits = std::numeric_limits<T>;
  for (const T value : {limits::lowest(), limits::min(), T{0}, T{1}, T{100}, limits::max()})
    check_round_trip(value);
}

TEST_CASE("every built-in type comes back as it was") {
  check_numbers<std::int8_t>();
  check_numbers<std::uint8_t>();
  check_numbers<std::int16_t>();
  check_numbers<std::uint16_t>();
  check_numbers<std::int32_t>();
  check_numbers<std::uint32_t>();
  check_numbers<std::int64_t>();
  check_numbers<std::uint64_t>();
  check_numbers<long>();
  check_numbers<char>();
  check_numbers<float>();
  check_numbers<double>();
  check_round_trip(true);
  check_round_trip(false);
  check_round_trip(std::numeric_limits<double>::infinity());
  check_round_trip(std::string{});
  check_round_trip(std::string("\0\xff\xc1 text", 8));
  check_round_trip(std::string(70'000, 'x'));
  check_round_trip(bytes{0, 255, 0xc1});
  check_round_trip(std::pair{std::string{"word"}, 1L});
  check_round_trip(std::tuple{1, 2.5, std::string{"x"}, std::tuple<>{}});
  check_round_trip(std::vector<std::string>(300, "a"));
  check_round_trip(std::vector<bool>{true, false, true});
  check_round_trip(std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}});
  check_round_trip(std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  check_round_trip(std::vector<point>{{1, -2}, {300, -70'000}});
  check_round_trip(std::tuple{label{"a"}, std::optional{label{"b"}}});
}

TEST_CASE("not a number and negative zero keep their bits") {
  CHECK(std::isnan(*decoded<double>(encoded(std::nan("")))));
  CHECK(std::signbit(*decoded<double>(encoded(-0.0))));
}

TEST_CASE("an optional of an optional keeps its levels") {
  using nested = std::optional<std::optional<int>>;
  check_round_trip(nested{});
  check_round_trip(nested{std::optional<int>{}});
  check_round_trip(nested{std::optional<int>{5}});
}

TEST_CASE("equal values have equal bytes, whatever integer type they had") {
  CHECK(encoded(std::int64_t{5}) == encoded(std::uint8_t{5}));
  CHECK(encoded(std::string_view{"abc"}) == encoded(std::string{"abc"}));
  CHECK(decoded<std::uint8_t>(encoded(std::int64_t{200})) == std::uint8_t{200});
  CHECK(decoded<double>(encoded(1.5F)) == 1.5);
}

TEST_CASE("a value of another type or out of range is an error, never another value") {
  const auto code = [](const auto& r) { return r ? errc::ok : r.error().code; };
  CHECK(code(decoded<std::int8_t>(encoded(128))) == errc::corrupt_data);
  CHECK(code(decoded<std::uint8_t>(encoded(256))) == errc::corrupt_data);
  CHECK(code(decoded<std::uint64_t>(encoded(-1))) == errc::corrupt_data);
  CHECK(code(decoded<std::int64_t>(encoded(~std::uint64_t{0}))) == errc::corrupt_data);
  CHECK(code(decoded<int>(encoded(std::string{"1"}))) == errc::corrupt_data);
  CHECK(code(decoded<std::string>(encoded(bytes{'a'}))) == errc::corrupt_data);
  CHECK(code(decoded<float>(encoded(1.5))) == errc::corrupt_data);
  CHECK(code(decoded<double>(encoded(1))) == errc::corrupt_data);
  CHECK(code(decoded<bool>(encoded(1))) == errc::corrupt_data);
  CHECK(code(decoded<std::pair<int, int>>(encoded(std::tuple{1, 2, 3}))) == errc::corrupt_data);
  CHECK(code(decoded<std::optional<int>>(encoded(std::pair{1, 2}))) == errc::corrupt_data);
  const bytes twice{0x82, 0x01, 0x0a, 0x01, 0x0b};
  CHECK(code(decoded<std::map<int, int>>(twice)) == errc::corrupt_data);
}

TEST_CASE("a message names the offset and what was found") {
  const auto wrong = decoded<std::pair<std::string, int>>(
      encoded(std::pair{std::string{"abc"}, std::string{"def"}}));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "at byte 5: expected an integer, found a text");
}

TEST_CASE("a block of records") {
  using record = std::pair<std::string, long>;
  const std::vector<record> records{{"a", 1}, {"b", -2}, {"", 1L << 40}};
  const auto data = encode_records(std::span{records});
  CHECK(decode_records<record>(data) == records);
  CHECK(decode_records<record>(encode_records(std::span<const record>{}))->empty());
  const std::vector<std::string_view> views{"x", "yz"};
  CHECK(decode_records<std::string>(encode_records(std::span<const std::string_view>{views})) ==
        std::vector<std::string>{"x", "yz"});
  auto longer = data;
  longer.push_back(0);
  const auto refused = decode_records<record>(longer);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt_data);
  CHECK(refused.error().message.find("1 bytes follow") != std::string::npos);
}

using rich = std::tuple<std::string, std::optional<double>, std::map<std::int32_t, std::string>,
                        std::vector<std::pair<bool, std::uint64_t>>, bytes, float>;

std::vector<rich> rich_records(seeded_random& random, std::size_t n) {
  std::vector<rich> records;
  for (std::size_t i = 0; i < n; ++i) {
    rich r;
    std::get<0>(r) = std::string(random.below(40), static_cast<char>(random.next()));
    if (random.below(2) == 1)
      std::get<1>(r) = random.uniform();
    for (auto k = random.below(4); k > 0; --k)
      std::get<2>(r)[static_cast<std::int32_t>(random.next())] = "v";
    for (auto k = random.below(4); k > 0; --k)
      std::get<3>(r).emplace_back(random.below(2) == 1, random.next() >> random.below(64));
    std::get<4>(r) = bytes(random.below(20), static_cast<unsigned char>(random.next()));
    std::get<5>(r) = static_cast<float>(random.uniform());
    records.push_back(std::move(r));
  }
  return records;
}

TEST_CASE("every cut and every damaged byte of a block gives a value or an error") {
  seeded_random random{test::seed()};
  const auto records = rich_records(random, 40);
  const auto data = encode_records(std::span{records});
  REQUIRE(decode_records<rich>(data) == records);
  for (std::size_t n = 0; n < data.size(); ++n) {
    // A copy of just these bytes, so that a sanitizer sees a read past the end.
    const bytes cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
    const auto read = decode_records<rich>(cut);
    REQUIRE_FALSE(read);
    REQUIRE(read.error().code == errc::corrupt_data);
  }
  std::size_t errors = 0;
  for (std::size_t i = 0; i < data.size(); ++i)
    for (const unsigned flip : {0x01U, 0x80U, 0xffU, 0x20U, 0x10U}) {
      auto damaged = data;
      damaged[i] = static_cast<unsigned char>(damaged[i] ^ flip);
      errors += decode_records<rich>(damaged) ? 0 : 1;
    }
  CHECK(errors > 0);
}

TEST_CASE("random bytes give a value or an error") {
  seeded_random random{test::seed()};
  for (int i = 0; i < 20'000; ++i) {
    bytes data(random.below(64));
    for (auto& b : data)
      b = static_cast<unsigned char>(random.next());
    if (!data.empty() && random.below(2) == 1)
      data[0] = static_cast<unsigned char>(0x90 + random.below(16));
    (void)decode_records<rich>(data);
    (void)decode_records<std::vector<std::vector<bool>>>(data);
  }
}

} // namespace
