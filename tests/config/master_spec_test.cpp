#include "millrace/config/master_spec.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

TEST_CASE("local masters") {
  CHECK(parse_master("local") == master_spec{master_kind::local, 1});
  CHECK(parse_master("local[*]") == master_spec{master_kind::local, 0});
  CHECK(parse_master("local[1]") == master_spec{master_kind::local, 1});
  CHECK(parse_master("local[1024]") == master_spec{master_kind::local, 1024});
  for (const char* text : {"local", "local[*]", "local[7]"})
    CHECK(to_string(*parse_master(text)) == text);
}

TEST_CASE("a cluster is understood but not there yet") {
  const auto spec = parse_master("caf://head:7077");
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == errc::unsupported);
  CHECK(spec.error().message.find("caf://head:7077") != std::string::npos);
  CHECK(parse_master("caf://[::1]:7077").error().code == errc::unsupported);
}

TEST_CASE("anything else is refused with the text and what is allowed") {
  for (const char* text :
       {"", "Local", "local[]", "local[0]", "local[-1]", "local[1025]", "local[2", "local[2]x",
        "local[ 2]", "local[2.0]", "local[99999999999]", "local[**]", "spark://h:1", "caf://",
        "caf://head", "caf://head:", "caf://:7077", "caf://head:0", "caf://head:65536"}) {
    CAPTURE(text);
    const auto spec = parse_master(text);
    REQUIRE_FALSE(spec);
    CHECK(spec.error().code == errc::invalid_argument);
    CHECK(spec.error().message.find("'" + std::string{text} + "'") != std::string::npos);
  }
}

} // namespace
