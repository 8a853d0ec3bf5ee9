#include "apps/programs.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

std::vector<std::string> custom_receiver(const std::string& port,
                                         std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("custom_receiver"), "127.0.0.1", port});
  return arguments;
}

TEST_CASE("a receiver of one's own delivers every record") {
  const std::vector<std::string> recipe{"--records", "50000", "--seed", "11"};
  auto serving = recipe;
  serving.insert(serving.end(), {"--rate", "max", "--clients", "1"});
  text_source source{serving};
  const auto job =
      run_process(custom_receiver(source.port(), {"--until-end", "--batch", "100ms", "--print",
                                                  "1000000", "--master", "local[2]"}));
  CAPTURE(job.err);
  CHECK(job.status == 0);
  CHECK((sum_of_printed(job.out) == count_words(dump_text(recipe))));
}

TEST_CASE("it connects again when the other side closes") {
  text_source source{{"--records", "100", "--rate", "max", "--clients", "2"}};
  process job{custom_receiver(source.port(), {"--batch", "100ms", "--print", "1000000", "--set",
                                              "receiver.restart_delay=10ms"})};
  // The source ends when it has served the second connection.
  CHECK(source.running().wait() == 0);
  REQUIRE(job.wait_for_err("cannot connect"));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  auto expected = count_words(dump_text({"--records", "100"}));
  for (auto& [word, count] : expected)
    count *= 2;
  CHECK((sum_of_printed(job.out()) == expected));
}

TEST_CASE("--run-for ends it while it waits for input") {
  text_source source{{"--rate", "1"}};
  const auto job =
      run_process(custom_receiver(source.port(), {"--run-for", "300ms", "--batch", "100ms"}));
  CHECK(job.status == 0);
}

} // namespace
