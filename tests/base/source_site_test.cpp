#include "millrace/base/source_site.hpp"

#include <doctest/doctest.h>

namespace {

using namespace millrace;

source_site here(source_site site = std::source_location::current()) { return site; }

TEST_CASE("a site is the place of the caller") {
  const auto line = __LINE__ + 1;
  const auto site = here();
  CHECK(to_string(site) == "source_site_test.cpp:" + std::to_string(line));
}

TEST_CASE("a site prints without folders") {
  CHECK(to_string(source_site{"/a/b/c.cpp", 12}) == "c.cpp:12");
  CHECK(to_string(source_site{"c.cpp", 1}) == "c.cpp:1");
  CHECK(to_string(source_site{"x\\y\\c.cpp", 3}) == "c.cpp:3");
  CHECK(to_string(source_site{}) == "unknown place");
}

} // namespace
