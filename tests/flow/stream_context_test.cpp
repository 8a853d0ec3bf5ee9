#include "support/engine.hpp"

#include <iostream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

/// What start() prints of a job with the option app.explain, on a runtime that must not run it.
std::string printed(const std::string& form) {
  auto on = make_inline_engine();
  auto context = on->make_context(test_configuration().set("app.explain", form), seconds(1));
  int batches = 0;
  test_input(*context, test_batches<int>{std::vector{1}})
      .for_each_batch([&](const batch<int>&) { ++batches; })
      .name("counted");
  std::ostringstream text;
  auto* before = std::cout.rdbuf(text.rdbuf());
  context->start();
  std::cout.rdbuf(before);
  on->advance(seconds(3));
  if (form == "off") {
    CHECK(batches == 3);
    return text.str();
  }
  CHECK(batches == 0);
  CHECK(context->state() == context_state::stopped);
  CHECK(context->await_termination_for(seconds(1)));
  CHECK(context->await_termination() == 0);
  context->stop(stop_mode::graceful);
  CHECK(context->await_termination() == 0);
  return text.str();
}

} // namespace

TEST_CASE("a job that is to be explained prints its plan, does not run and has ended well") {
  CHECK(printed("text").starts_with("job \"millrace\" in batches of 1s, fingerprint "));
  CHECK(printed("text").find("\n  0: for_each_batch \"counted\" <- i32 at "
                             "stream_context_test.cpp:") != std::string::npos);
  CHECK(printed("json").starts_with("{\n  \"job\": \"millrace\",\n"));
  CHECK(printed("dot").starts_with("digraph \"millrace\" {\n"));
  CHECK(printed("off").empty());
}

TEST_CASE("what is wrong with a job is an error also when it is to be explained") {
  auto on = make_inline_engine();
  auto context = on->make_context(test_configuration().set("app.explain", "text"), seconds(1));
  test_input(*context, test_batches<int>{});
  CHECK_THROWS_WITH_AS(context->start(), doctest::Contains("No output operations registered"),
                       stream_error);
  CHECK(context->state() == context_state::stopped);
}
