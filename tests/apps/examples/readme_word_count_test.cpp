#include "apps/programs.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

TEST_CASE("the job of README.md counts the words that port 9999 sends, and a signal ends it") {
  const std::vector<std::string> recipe{"--records", "500", "--seed", "42", "--vocabulary", "8"};
  auto serving = recipe;
  serving.insert(serving.end(), {"--rate", "max", "--clients", "1"});
  text_source source{serving, "9999"};
  process job{{program("readme_word_count"), "--master", "local[2]"}};
  if (source.port().empty()) {
    MESSAGE("port 9999 is taken, so nothing is counted");
    CHECK(job.wait_for_out("Time: "));
  } else {
    const auto expected = count_words(dump_text(recipe));
    CHECK(eventually([&] { return sum_of_printed(job.out()) == expected; }));
  }
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
}

TEST_CASE("the job of README.md tells its usage") {
  const auto help = run_process({program("readme_word_count"), "--help"});
  CHECK(help.status == 0);
  CHECK(help.err.empty());
  CHECK(help.out.find("Usage: readme_word_count [OPTIONS]") != std::string::npos);
}

} // namespace
