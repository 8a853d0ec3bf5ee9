#include "millrace/flow/operations/aggregate_operations.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

TEST_CASE("the summary of top_k with a function is written, and read into a summary like it") {
  using word_count = std::pair<std::string, int>;
  auto from_ten = [most = 10](const word_count& w) { return most - w.second; };
  using order = by_projection<detail::assignable<decltype(from_ten)>>;
  using summary = top_k<word_count, order>;
  static_assert(encodable<summary> && !decodable<summary>);
  const order like{detail::assignable{from_ten}};
  summary fewest{2, like};
  for (const auto& each : {word_count{"a", 3}, word_count{"b", 1}, word_count{"c", 2}})
    fewest.add(each);
  encoder out;
  codec<summary>::encode(out, fewest);
  const auto bytes = out.take();
  decoder in{bytes};
  auto restored = codec<summary>::decode(in, like);
  REQUIRE(restored);
  CHECK((restored->sorted() == std::vector<word_count>{{"b", 1}, {"c", 2}}));
}
