#include "apps/programs.hpp"

#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

std::vector<std::string> word_count(const std::string& port, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("network_word_count"), "127.0.0.1", port});
  return arguments;
}

/// A port that nobody listens on.
std::string unused_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return std::to_string(ntohs(address.sin_port));
}

TEST_CASE("all words are counted, until the other side closes") {
  struct row {
    const char* master;
    const char* batch;
    const char* rate;
    const char* records;
  };
  for (const auto& [master, batch, rate, records] :
       {row{"local[1]", "100ms", "max", "200000"}, row{"local[2]", "50ms", "20000", "10000"},
        row{"local[4]", "1s", "max", "1"}}) {
    CAPTURE(master);
    CAPTURE(records);
    const std::vector<std::string> recipe{"--records", records,        "--seed",
                                          "42",        "--vocabulary", "3000"};
    auto serving = recipe;
    serving.insert(serving.end(), {"--rate", rate, "--clients", "1"});
    text_source source{serving};
    const auto job =
        run_process(word_count(source.port(), {"--until-end", "--batch", batch, "--master", master,
                                               "--print", "1000000"}));
    CAPTURE(job.err);
    CHECK(job.status == 0);
    CHECK(source.running().wait() == 0);
    const auto expected = count_words(dump_text(recipe));
    CHECK(expected.size() > 5);
    CHECK((sum_of_printed(job.out) == expected));
  }
}

TEST_CASE("only as many records are printed as asked for") {
  text_source source{{"--records", "1000", "--rate", "max"}};
  const auto job =
      run_process(word_count(source.port(), {"--until-end", "--batch", "100ms", "--print", "2"}));
  CHECK(job.status == 0);
  CHECK(job.out.find("\n...\n") != std::string::npos);
  CHECK(sum_of_printed(job.out).size() <= 2 * printed_batches(job.out));
}

TEST_CASE("--run-for ends with 0 while the other side goes on") {
  text_source source{{"--rate", "5000"}};
  const auto job = run_process(word_count(source.port(), {"--run-for", "1s", "--batch", "100ms"}));
  CAPTURE(job.err);
  CHECK(job.status == 0);
  CHECK_FALSE(sum_of_printed(job.out).empty());
  CHECK(source.running().wait_for_out("the client left"));
}

TEST_CASE("--run-for takes a time that never comes") {
  text_source source{{"--records", "10", "--rate", "max"}};
  process job{word_count(source.port(), {"--run-for", "200000d", "--batch", "50ms"})};
  CHECK(eventually([&] { return printed_batches(job.out()) >= 5; }));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
}

TEST_CASE("a signal lets what was received be counted, then ends with 0") {
  for (const int number : {SIGINT, SIGTERM}) {
    CAPTURE(number);
    // Everything is sent at once, and the batch that would count it is an hour away.
    const std::vector<std::string> recipe{"--records", "20000", "--seed", "7"};
    auto serving = recipe;
    serving.insert(serving.end(), {"--rate", "max", "--clients", "1"});
    text_source source{serving};
    process job{word_count(source.port(), {"--batch", "1h", "--print", "1000000", "--set",
                                           "receiver.restart_delay=10ms"})};
    // It reconnects to a source that is no longer there, so it has read everything.
    REQUIRE(job.wait_for_err("refused"));
    job.send_signal(number);
    CHECK(job.wait() == 0);
    CAPTURE(job.err());
    CHECK((sum_of_printed(job.out()) == count_words(dump_text(recipe))));
  }
}

TEST_CASE("a second signal ends it at once") {
  text_source source{{"--rate", "5000"}};
  // Nobody reads its output, so a graceful stop would go on for the hour that it is given.
  process job{
      word_count(source.port(), {"--batch", "100ms", "--print", "1000000", "--set",
                                 "stop.graceful_timeout=1h", "--set", "stop.phase_timeout=100ms"}),
      {},
      process::output::held};
  REQUIRE(job.wait_until_full());
  job.send_signal(SIGINT);
  REQUIRE(job.wait_for_err("stopping gracefully"));
  job.send_signal(SIGTERM);
  REQUIRE(job.wait_for_err("stopping at once"));
  CHECK(job.wait_for_err("output function has not returned"));
  job.release();
  CHECK(job.wait() == 0);
}

TEST_CASE("a refused connection is tried again, and said") {
  const auto port = unused_port();
  process job{word_count(port, {"--batch", "100ms", "--until-end", "--print", "1000000", "--set",
                                "receiver.restart_delay=50ms"})};
  const auto complaint = job.wait_for_err("refused");
  REQUIRE(complaint);
  CHECK(complaint->find("127.0.0.1:" + port) != std::string::npos);
  text_source source{{"--records", "1000", "--rate", "max", "--clients", "1"}, port};
  CHECK(job.wait() == 0);
  CHECK((sum_of_printed(job.out()) == count_words(dump_text({"--records", "1000"}))));
}

} // namespace
