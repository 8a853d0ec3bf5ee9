#include "millrace/eventtime/timestamped.hpp"
#include "millrace/eventtime/windowed.hpp"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

event_time at(std::int64_t ms) { return event_time{ms}; }

template <class T>
T there_and_back(const T& value) {
  const bytes data = encode_records<T>(std::span(&value, 1));
  auto read = decode_records<T>(data);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 1);
  return std::move(read->front());
}

template <class T>
std::string shown(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

static_assert(contains_view_v<timestamped<std::string_view>>);
static_assert(!contains_view_v<timestamped<std::string>> && !contains_view_v<windowed<int>>);
static_assert(contains_view_v<windowed<std::pair<int, std::string_view>>>);
static_assert(std::is_same_v<owned_t<timestamped<std::string_view>>, timestamped<std::string>> &&
              std::is_same_v<owned_t<windowed<std::string_view>>, windowed<std::string>> &&
              std::is_same_v<owned_t<timestamped<int>>, timestamped<int>>);
static_assert(codec_for<timestamped<std::string>> && codec_for<windowed<std::vector<int>>>);
static_assert(encodable<timestamped<std::string_view>> &&
              !decodable<timestamped<std::string_view>>);

} // namespace

TEST_CASE("a record with its time compares, owns its text and travels") {
  const timestamped<std::string> record{at(-3), "a"};
  CHECK(record == timestamped{at(-3), "a"s});
  CHECK(record != timestamped{at(3), "a"s});
  CHECK(to_owned(timestamped{at(-3), "a"sv}) == record);
  CHECK(there_and_back(record) == record);
  CHECK(there_and_back(timestamped{latest_event_time, 7}) == timestamped{latest_event_time, 7});
  CHECK(shown(record) == "a@-3");
}

TEST_CASE("the result of a window compares, owns its text and travels") {
  const windowed<std::string> result{at(-10), at(10), "sum"};
  CHECK(to_owned(windowed<std::string_view>{at(-10), at(10), "sum"}) == result);
  CHECK(there_and_back(result) == result);
  CHECK(result.window() == event_window{at(-10), at(10)});
  CHECK(shown(result) == "[-10 ms, 10 ms) sum");
}

TEST_CASE("windows are ordered by end, then start") {
  CHECK(event_window{at(5), at(10)} < event_window{at(0), at(11)});
  CHECK(event_window{at(4), at(10)} < event_window{at(5), at(10)});
}

TEST_CASE("damaged bytes are an error, not an exception") {
  encoder out;
  out.begin_array(1);
  out.begin_array(3);
  out.write_signed(1);
  out.write_signed(2);
  out.write_signed(3);
  const bytes data = out.take();
  CHECK(decode_records<windowed<int>>(data).has_value());
  CHECK_FALSE(decode_records<timestamped<int>>(data).has_value());
  CHECK_FALSE(decode_records<windowed<std::string>>(data).has_value());
}
