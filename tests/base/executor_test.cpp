#include "millrace/base/executor.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

TEST_CASE("the sequential executor runs all, in order") {
  const auto executor = make_sequential_executor();
  std::vector<std::size_t> ran;
  executor->run_all(4, [&](std::size_t i) { ran.push_back(i); });
  CHECK(ran == std::vector<std::size_t>{0, 1, 2, 3});
  executor->run_all(0, [&](std::size_t i) { ran.push_back(i); });
  CHECK(ran.size() == 4);
  CHECK(executor->width() == 1);
}

TEST_CASE("when calls throw, the others still run and the first exception comes out") {
  const auto executor = make_sequential_executor();
  int ran = 0;
  std::string caught;
  try {
    executor->run_all(5, [&](std::size_t i) {
      ++ran;
      if (i == 1 || i == 3)
        throw std::runtime_error{"call " + std::to_string(i)};
    });
  } catch (const std::runtime_error& e) {
    caught = e.what();
  }
  CHECK(ran == 5);
  CHECK(caught == "call 1");
}

} // namespace
