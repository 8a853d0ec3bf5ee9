#include "millrace/engine/delay_warning.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

using millrace::delay_warning;
using millrace::duration;
using millrace::milliseconds;

TEST_CASE("one warning for each time that processing falls behind") {
  delay_warning warning{milliseconds(100), 2.0};
  const std::vector<std::pair<int, bool>> story{
      {0, false},   {200, false}, {201, true},  {900, false}, {150, false}, {201, false},
      {101, false}, {300, false}, {100, false}, {200, false}, {250, true},  {260, false},
  };
  for (auto [delay_ms, expected] : story) {
    CAPTURE(delay_ms);
    CHECK(warning.observe(milliseconds(delay_ms)) == expected);
  }
  CHECK(warning.behind());
  CHECK_FALSE(warning.observe(milliseconds(0)));
  CHECK_FALSE(warning.behind());
}

TEST_CASE("a ratio of 0 or less never warns") {
  for (double ratio : {0.0, -1.0})
    CHECK_FALSE(delay_warning{milliseconds(100), ratio}.observe(milliseconds(1'000'000)));
}
