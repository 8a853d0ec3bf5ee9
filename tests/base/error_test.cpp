#include "millrace/base/error.hpp"

#include <set>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

result<int> half(int n) {
  if (n % 2 != 0)
    return fail(errc::invalid_argument, "half: " + std::to_string(n) + " is odd");
  return n / 2;
}

TEST_CASE("every code has a name of its own") {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(errc::internal); ++i)
    names.emplace(to_string(static_cast<errc>(i)));
  CHECK(names.size() == static_cast<std::size_t>(errc::internal) + 1);
  CHECK(names.count("unknown error") == 0);
  CHECK(to_string(static_cast<errc>(1'000)) == "unknown error");
}

TEST_CASE("a result is a value or an error") {
  CHECK(half(4) == 2);
  const auto failed = half(3);
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == error{errc::invalid_argument, "half: 3 is odd"});
  std::ostringstream out;
  out << failed.error();
  CHECK(out.str() == "invalid argument: half: 3 is odd");
}

TEST_CASE("an exception says its message and keeps its code") {
  const stream_error thrown{errc::illegal_state, "already stopped"};
  CHECK(std::string{thrown.what()} == "already stopped");
  CHECK(thrown.code() == errc::illegal_state);
  CHECK(thrown.info() == error{errc::illegal_state, "already stopped"});
}

} // namespace
