#include "millrace/block/text_block.hpp"
#include "millrace/block/typed_block.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("payload_bytes counts what a value owns, through all compositions") {
  using namespace std::string_literals;
  CHECK(payload_bytes(7) == 0);
  CHECK(payload_bytes("abc"s) == 3);
  CHECK(payload_bytes(std::pair{"abc"s, 1L}) == 3);
  CHECK(payload_bytes(std::pair<const std::string, std::string>{"a", "bc"}) == 3);
  CHECK(payload_bytes(std::tuple{"a"s, 2, "bcd"s}) == 4);
  CHECK(payload_bytes(std::tuple<>{}) == 0);
  CHECK(payload_bytes(std::optional<std::string>{}) == 0);
  CHECK(payload_bytes(std::optional{"xy"s}) == 2);
  CHECK(payload_bytes(std::vector{1, 2, 3}) == 3 * sizeof(int));
  CHECK(payload_bytes(std::vector{std::pair{"ab"s, 1}, std::pair{"c"s, 2}}) ==
        2 * sizeof(std::pair<std::string, int>) + 3);
  static_assert(!payload_size<std::pair<int, long>>::owns);
  static_assert(payload_size<std::tuple<int, std::string>>::owns);
}

TEST_CASE("a typed block has its items and their bytes") {
  const auto numbers = make_typed_block(std::vector{1, 2, 3});
  CHECK(numbers->records() == 3);
  CHECK(numbers->bytes() == 3 * sizeof(int));
  CHECK(numbers->items()[2] == 3);
  const block_ptr words = make_typed_block(std::vector<std::string>{"a", "bc"});
  CHECK(words->bytes() == 2 * sizeof(std::string) + 3);
  CHECK(make_typed_block(std::vector<int>{})->records() == 0);
}

TEST_CASE("a text block shows its records in the arena") {
  const auto records = std::vector<std::string_view>{"one", "", "three"};
  const auto text = make_text_block(records);
  REQUIRE(text->records() == 3);
  CHECK(text->record(0) == "one");
  CHECK(text->record(1).empty());
  CHECK(text->record(2) == "three");
  CHECK(text->bytes() == std::string_view{"one\n\nthree"}.size() + 3 * sizeof(text_slice));
  CHECK(std::string_view{text->data() + text->slices()[2].begin, 5} == "three");
  CHECK(make_text_block({})->bytes() == 0);
}
