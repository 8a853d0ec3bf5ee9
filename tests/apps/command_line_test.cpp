#include "apps/programs.hpp"

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

/// The examples that read HOST PORT and nothing else that must be given.
const std::vector<std::string> socket_examples{"network_word_count",  "custom_receiver",
                                               "windowed_word_count", "stateful_word_count",
                                               "top_k_words",         "session_counts"};

TEST_CASE("millrace tells its version and its usage") {
  const auto version = run_process({program("millrace"), "--version"});
  CHECK(version.status == 0);
  CHECK(version.out == "millrace " MILLRACE_VERSION "\n");

  const auto help = run_process({program("millrace"), "--help"});
  CHECK(help.status == 0);
  for (const char* part : {"Usage: millrace", "--version", "loadgen", "options"})
    CHECK(help.out.find(part) != std::string::npos);
}

TEST_CASE("millrace lists the options with what the environment says") {
  const auto listed =
      run_process({program("millrace"), "options"}, {{"MILLRACE_STREAM_BLOCK_INTERVAL", "50ms"}});
  CHECK(listed.status == 0);
  CHECK(
      listed.out.find(
          "stream.block_interval = 50ms  (environment variable MILLRACE_STREAM_BLOCK_INTERVAL)") !=
      std::string::npos);
  CHECK(listed.out.find("receiver.reconnect = true  (default)") != std::string::npos);
}

TEST_CASE("millrace refuses what it does not know") {
  struct row {
    std::vector<std::string> arguments;
    const char* reason;
    const char* usage;
  };
  for (const auto& [arguments, reason, usage] :
       std::vector<row>{{{}, "a subcommand is missing", "Usage: millrace [OPTIONS]"},
                        {{"lodgen"}, "lodgen", "Usage: millrace [OPTIONS]"},
                        {{"loadgen"}, "a subcommand is missing", "Usage: millrace loadgen"},
                        {{"loadgen", "numbers"}, "numbers", "Usage: millrace loadgen"}}) {
    auto command = arguments;
    command.insert(command.begin(), program("millrace"));
    const auto refused = run_process(command);
    CAPTURE(reason);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find(reason) != std::string::npos);
    CHECK(refused.err.find(usage) != std::string::npos);
  }
}

TEST_CASE("every example has a usage") {
  auto examples = socket_examples;
  examples.insert(examples.end(),
                  {"queue_stream", "raw_network_grep", "page_view_stream", "file_word_count"});
  for (const auto& name : examples) {
    CAPTURE(name);
    const auto help = run_process({program(name), "--help"});
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    for (const char* part :
         {"--master", "--batch", "--run-for", "--print", "--set", "--config", "MILLRACE_"})
      CHECK(help.out.find(part) != std::string::npos);
    CHECK(help.out.find("Usage: " + name) != std::string::npos);
  }
}

TEST_CASE("every example runs for as long as it is told, also when nobody listens where it reads") {
  std::vector<std::vector<std::string>> commands;
  for (const auto& name : socket_examples)
    commands.push_back({name, "localhost", "9"});
  commands.push_back({"raw_network_grep", "localhost", "9", "a"});
  commands.push_back({"page_view_stream", "pageCounts", "localhost", "9"});
  commands.push_back({"queue_stream"});
  for (auto& command : commands) {
    CAPTURE(command.front());
    if (command.front() == "windowed_word_count")
      command.insert(command.end(), {"--window", "200ms", "--slide", "100ms"});
    else if (command.front() == "top_k_words")
      command.insert(command.end(), {"--window", "200ms"});
    command.front() = program(command.front());
    for (const char* part : {"--run-for", "700ms", "--master", "local[2]", "--batch", "100ms"})
      command.push_back(part);
    const auto ended = run_process(command);
    CHECK(ended.status == 0);
    CHECK(ended.out.find("Time: ") != std::string::npos);
  }
}

TEST_CASE("every example prints its plan without running, and without being told where to read") {
  std::vector<std::vector<std::string>> commands;
  for (const auto& name : socket_examples)
    commands.push_back({name});
  commands.push_back({"raw_network_grep", "localhost", "9", "a"});
  commands.push_back({"page_view_stream", "pageCounts"});
  commands.push_back({"queue_stream"});
  commands.push_back({"file_word_count"});
  for (auto& command : commands) {
    const auto name = command.front();
    CAPTURE(name);
    command.front() = program(name);
    for (const auto& [argument, beginning] :
         {std::pair{"--explain", "job \""}, std::pair{"--explain=text", "job \""},
          std::pair{"--explain=json", "{\n  \"job\": \""},
          std::pair{"--explain=dot", "digraph \""}}) {
      CAPTURE(std::string{argument});
      auto whole = command;
      whole.emplace_back(argument);
      const auto plan = run_process(whole);
      CHECK(plan.status == 0);
      CHECK(plan.err.empty());
      CHECK(plan.out.starts_with(beginning + name + '"'));
      CHECK(plan.out.find("Time: ") == std::string::npos);
    }
  }
}

TEST_CASE("the plan of network_word_count says what runs where, with places in its source") {
  const auto plan = run_process(
      {program("network_word_count"), "localhost", "9999", "--explain", "--master", "local[3]"});
  CHECK(plan.status == 0);
  for (const char* part :
       {"stage 0: 3 partitions\n  socket_text_stream#ea4a6554 -> text at network_word_count.cpp:",
        "\n      map -> (text,i64) at network_word_count.cpp:",
        "=> stage 1, each partition to 3 partitions\n",
        "stage 1: 3 partitions\n  reduce_by_key#4a238026 -> (text,i64) at network_word_count.cpp:",
        "socket localhost:9999\n", "0: print#753daf4a <- (text,i64) at network_word_count.cpp:"})
    CHECK(plan.out.find(part) != std::string::npos);
  const auto of_readme = run_process({program("readme_word_count"), "--explain"});
  CHECK(of_readme.status == 0);
  CHECK(of_readme.out.find("0: print#753daf4a <- (text,i64) at readme_word_count.cpp:") !=
        std::string::npos);
  const auto refused = run_process({program("network_word_count"), "--explain=svg"});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("argument --explain") != std::string::npos);
}

TEST_CASE("bad arguments of an example end with 2, the reason and the usage") {
  struct row {
    std::vector<std::string> arguments;
    const char* reason;
  };
  for (const auto& name : socket_examples) {
    for (const auto& [arguments, reason] : std::vector<row>{
             {{}, "HOST is required"},
             {{"localhost"}, "PORT is required"},
             {{"localhost", "0"}, "PORT: Value 0 not in range 1 to 65535"},
             {{"localhost", "65536"}, "PORT: Value 65536 not in range 1 to 65535"},
             {{"localhost", "9", "--batch", "soon"}, "--batch"},
             {{"localhost", "9", "--batch", "0s"}, "'0s' is too short; at least 1ms is needed"},
             {{"localhost", "9", "--batch", "1001d"}, "it must be at least 1 ms and at most 1000"},
             {{"localhost", "9", "--batch", "106751991167d"}, "the batch interval is 9223372036"},
             {{"localhost", "9", "--run-for", "-1s"}, "--run-for"},
             {{"localhost", "9", "--print", "-1"}, "--print"},
             {{"localhost", "9", "--master", "local[0]"}, "argument --master"},
             {{"localhost", "9", "--set", "stream.blok_interval=1s"},
              "did you mean 'stream.block_interval'?"},
             {{"localhost", "9", "--set", "novalue"}, "'novalue' is not of the form key=value"},
             {{"localhost", "9", "--config", "/nonexistent.toml"}, "/nonexistent.toml"},
             {{"localhost", "9", "--util-end"}, "--util-end"},
             {{"localhost", "9", "extra"}, "extra"}}) {
      auto command = arguments;
      command.insert(command.begin(), program(name));
      const auto refused = run_process(command);
      CAPTURE(name);
      CAPTURE(reason);
      CAPTURE(refused.err);
      CHECK(refused.status == 2);
      CHECK(refused.out.empty());
      CHECK(refused.err.find(reason) != std::string::npos);
      CHECK(refused.err.find("Usage: " + name) != std::string::npos);
    }
  }
}

TEST_CASE("bad arguments of the job of README.md end with 2, the reason and the usage") {
  struct row {
    std::vector<std::string> arguments;
    const char* reason;
  };
  for (const auto& [arguments, reason] :
       std::vector<row>{{{"--mastr", "local"}, "did you mean '--master'?"},
                        {{"--master", "local[0]"}, "argument --master"},
                        {{"--set", "stream.block_interval=soon"}, "stream.block_interval"},
                        {{"localhost"}, "argument localhost: this program takes options only"}}) {
    auto command = arguments;
    command.insert(command.begin(), program("readme_word_count"));
    const auto refused = run_process(command);
    CAPTURE(reason);
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find(reason) != std::string::npos);
    CHECK(refused.err.find("Usage: readme_word_count") != std::string::npos);
  }
}

TEST_CASE("the environment can be wrong too") {
  const auto refused =
      run_process({program("queue_stream")}, {{"MILLRACE_STREAM_BLOCK_INTERVAL", "yesterday"}});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("environment variable MILLRACE_STREAM_BLOCK_INTERVAL") !=
        std::string::npos);
}

} // namespace
