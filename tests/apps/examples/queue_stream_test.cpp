#include "apps/programs.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

TEST_CASE("each batch has a hundred numbers for each last digit") {
  for (const char* master : {"local[1]", "local[3]"}) {
    CAPTURE(master);
    const auto job = run_process(
        {program("queue_stream"), "--batches", "5", "--batch", "100ms", "--master", master});
    CAPTURE(job.err);
    CHECK(job.status == 0);
    word_counts expected;
    for (int digit = 0; digit < 10; ++digit)
      expected[std::to_string(digit)] = 5 * 100;
    CHECK((sum_of_printed(job.out) == expected));
    CHECK(job.out.find("...") == std::string::npos);
    CHECK(printed_batches(job.out) >= 5);
  }
}

TEST_CASE("--run-for ends it before its last batch") {
  const auto job = run_process(
      {program("queue_stream"), "--batches", "1000000", "--batch", "50ms", "--run-for", "1s"});
  CAPTURE(job.err);
  CHECK(job.status == 0);
  CHECK(printed_batches(job.out) >= 1);
  CHECK(job.out.find("(7,100)") != std::string::npos);
}

TEST_CASE("a signal ends it before its last batch") {
  process job{{program("queue_stream"), "--batches", "1000000", "--batch", "50ms"}};
  REQUIRE(job.wait_for_out("(7,100)"));
  job.send_signal(SIGINT);
  CHECK(job.wait() == 0);
}

TEST_CASE("output that cannot be written ends it with 1 and the reason") {
  const auto job =
      run_process({"/bin/sh", "-c", program("queue_stream") + " --batch 50ms > /dev/full"});
  CAPTURE(job.err);
  CHECK(job.status == 1);
  CHECK(job.err.find("error: print at queue_stream.cpp:") != std::string::npos);
  CHECK(job.err.find("the stream that it writes to failed: No space left on device") !=
        std::string::npos);
}

TEST_CASE("no batches at all are refused") {
  const auto refused = run_process({program("queue_stream"), "--batches", "0"});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("--batches: Value 0 not in range 1 to 1000000") != std::string::npos);
}

} // namespace
