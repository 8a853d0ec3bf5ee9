#include "millrace/flow/print_format.hpp"
#include "support/engine.hpp"

#include <fstream>
#include <map>
#include <sstream>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

template <class T>
std::string shown(const T& value) {
  std::string out;
  format_element(out, value);
  return out;
}

struct point {
  int x;
  int y;
};

std::ostream& operator<<(std::ostream& to, const point& p) { return to << p.x << '/' << p.y; }

/// What print(n) writes for two batches: the given records, and none.
std::string printed(std::vector<std::string> records, std::size_t partitions, std::size_t n) {
  std::ostringstream out;
  auto on = make_inline_engine();
  auto context = on->make_context(test_configuration(), seconds(1));
  test_input<std::string>(*context, {records}, partitions).print_to(out, n);
  context->start();
  on->advance(seconds(1));
  return out.str();
}

const std::string rule = "-------------------------------------------";
const std::string head = rule + "\nTime: 1000 ms\n" + rule + "\n";

} // namespace

TEST_CASE("the form is Spark's: 43 dashes, the time, the elements, dots when there are more, an "
          "empty line") {
  CHECK(rule.size() == 43);
  CHECK(format_batch(1700000000000, {"a", "b"}, false) ==
        rule + "\nTime: 1700000000000 ms\n" + rule + "\na\nb\n\n");
  CHECK(format_batch(0, {"a"}, true) == rule + "\nTime: 0 ms\n" + rule + "\na\n...\n\n");
  CHECK(format_batch(5, {}, false) == rule + "\nTime: 5 ms\n" + rule + "\n\n");
}

TEST_CASE("elements are shown in Scala's style") {
  CHECK(shown(std::string("a b")) == "a b");
  CHECK(shown(std::string_view("v")) == "v");
  CHECK(shown(-5) == "-5");
  CHECK(shown(std::uint64_t{18446744073709551615U}) == "18446744073709551615");
  CHECK(shown('c') == "c");
  CHECK(shown(true) == "true");
  CHECK(shown(std::pair{std::string("a"), 2L}) == "(a,2)");
  CHECK(shown(std::tuple{1, std::pair{'x', false}, std::string("")}) == "(1,(x,false),)");
  CHECK(shown(std::optional<int>{}) == "None");
  CHECK(shown(std::optional{std::pair{1, 2}}) == "Some((1,2))");
  CHECK(shown(std::vector<std::vector<int>>{{1, 2}, {}}) == "[[1,2],[]]");
  CHECK(shown(point{3, 4}) == "3/4");
  CHECK(shown(std::pair{point{3, 4}, 1}) == "(3/4,1)");
}

TEST_CASE("floating point is shown without loss, and is told from an integer") {
  CHECK(shown(1.0) == "1.0");
  CHECK(shown(0.1) == "0.1");
  CHECK(shown(-2.5f) == "-2.5");
  CHECK(shown(3.141592653589793) == "3.141592653589793");
  CHECK(shown(std::pair{1, 10.0}) == "(1,10.0)");
}

TEST_CASE("print shows the first n records of a batch over all partitions") {
  CHECK(printed({"a", "b", "c"}, 2, 10) == head + "a\nb\nc\n\n");
  CHECK(printed({"a", "b", "c"}, 2, 3) == head + "a\nb\nc\n\n");
  CHECK(printed({"a", "b", "c"}, 3, 2) == head + "a\nb\n...\n\n");
  CHECK(printed({"a"}, 1, 0) == head + "...\n\n");
  CHECK(printed({}, 2, 10) == head + "\n");
  CHECK(printed({"a", "b"}, 1, static_cast<std::size_t>(-1)) == head + "a\nb\n\n");
}

TEST_CASE("writing tells of a stream that fails, and clears it for the next try") {
  std::ostringstream out;
  CHECK(write_batch(out, "a"));
  out.setstate(std::ios::failbit);
  auto failed = write_batch(out, "b");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::io_error);
  CHECK(failed.error().message == "the stream that it writes to failed");
  CHECK(write_batch(out, "c"));
  CHECK(out.str() == "ac");

  std::ofstream full{"/dev/full"};
  failed = write_batch(full, "d");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "the stream that it writes to failed: No space left on device");
}
