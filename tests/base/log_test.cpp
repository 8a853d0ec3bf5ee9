#include "millrace/base/log.hpp"

#include <cstdio>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

/// What `body` makes the process write to stderr.
template <class Body>
std::string stderr_of(Body body) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  body();
  std::fflush(stderr);
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::rewind(file);
  std::string text(4'096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST_CASE("levels are read back from their names") {
  for (const auto level : {log_level::trace, log_level::debug, log_level::info, log_level::warning,
                           log_level::error, log_level::off})
    CHECK(parse_log_level(to_string(level)) == level);
  CHECK(parse_log_level("WARN") == log_level::warning);
  CHECK(parse_log_level("Info") == log_level::info);
  for (const char* text : {"", "loud", "info "}) {
    const auto level = parse_log_level(text);
    REQUIRE_FALSE(level);
    CHECK(level.error().code == errc::invalid_argument);
    CHECK(level.error().message.find("'" + std::string{text} + "'") != std::string::npos);
  }
}

TEST_CASE("a logger adds its component; without an observer it is silent") {
  const auto memory = std::make_shared<memory_log>();
  const logger log{memory, "clock"};
  log.debug("a");
  log.info("b");
  log.warning("c");
  log.named("stage").error("d");
  log.log(log_level::off, "never");
  const auto entries = memory->entries();
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].level == log_level::debug);
  CHECK(entries[2].component == "clock");
  CHECK(entries[3].component == "stage");
  CHECK(entries[3].text == "d");
  logger{}.error("nobody hears this");
  logger{nullptr, "x"}.named("y").error("nor this");
}

TEST_CASE("a memory log counts by level and text, and stops keeping at its capacity") {
  memory_log log{3};
  for (int i = 0; i < 5; ++i)
    log.log(i % 2 == 0 ? log_level::info : log_level::warning, "c", "line " + std::to_string(i));
  CHECK(log.entries().size() == 3);
  CHECK(log.dropped() == 2);
  CHECK(log.count(log_level::info, "line") == 2);
  CHECK(log.count(log_level::warning, "line 1") == 1);
  CHECK(log.count(log_level::error, "") == 0);
}

TEST_CASE("a memory log takes lines from several threads") {
  memory_log log;
  {
    std::jthread a{[&] {
      for (int i = 0; i < 500; ++i)
        log.log(log_level::info, "a", "x");
    }};
    std::jthread b{[&] {
      for (int i = 0; i < 500; ++i)
        log.log(log_level::info, "b", "x");
    }};
  }
  CHECK(log.count(log_level::info, "x") == 1'000);
}

TEST_CASE("the spdlog observer writes from its minimum level on, text as it is") {
  const auto text = stderr_of([] {
    const logger log{make_spdlog_observer(log_level::warning), "clock"};
    log.info("quiet");
    log.warning("late by {} %v");
    log.error("broken");
  });
  CHECK(text.find("quiet") == std::string::npos);
  CHECK(text.find(" warning clock: late by {} %v\n") != std::string::npos);
  CHECK(text.find(" error clock: broken\n") != std::string::npos);
  CHECK(stderr_of([] { logger{make_spdlog_observer(log_level::off), "c"}.error("x"); }).empty());
}

} // namespace
