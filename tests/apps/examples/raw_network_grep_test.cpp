#include "apps/programs.hpp"
#include "support/tcp_server.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

std::uint64_t lines_with(const std::string& pattern, const std::string& text) {
  std::uint64_t n = 0;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    n += line.find(pattern) == std::string::npos ? 0 : 1;
  return n;
}

/// The sum over all batches; each must have its count.
std::uint64_t printed_count(const std::string& printed) {
  const std::string label = "Grep count: ";
  std::uint64_t sum = 0;
  for (const auto& batch : batches_of(printed)) {
    REQUIRE(batch.lines.size() == 1);
    REQUIRE(batch.lines[0].starts_with(label));
    sum += std::stoull(batch.lines[0].substr(label.size()));
  }
  return sum;
}

TEST_CASE("every line with the pattern is counted, on every connection") {
  struct row {
    const char* records;
    const char* rate;
    std::uint64_t streams;
    const char* master;
  };
  // The second one repeats its records, and ends in the middle of them.
  for (const auto& [records, rate, streams, master] :
       {row{"1000", "5000", 1, "local[1]"}, row{"70001", "max", 1, "local[2]"},
        row{"20000", "max", 3, "local[4]"}}) {
    CAPTURE(records);
    const std::vector<std::string> recipe{"--records", records, "--seed", "13"};
    auto serving = recipe;
    serving.insert(serving.end(), {"--rate", rate, "--clients", std::to_string(streams)});
    text_source source{serving, "0", "raw"};
    const auto job = run_process(reading("raw_network_grep", source.port(),
                                         {"ab", "--streams", std::to_string(streams), "--until-end",
                                          "--batch", "100ms", "--master", master}));
    CAPTURE(job.err);
    CHECK(job.status == 0);
    const auto expected = lines_with("ab", dump_text(recipe));
    CHECK(expected > 100);
    CHECK(expected < std::stoull(records));
    CHECK(printed_count(job.out) == streams * expected);
  }
}

TEST_CASE("a block that cannot be decoded ends the job with its reason") {
  using namespace std::string_view_literals;
  // A length of 3, and bytes that are no array of texts.
  tcp_server server{{[](tcp_peer& peer) {
    peer.send("\0\0\0\3abc"sv);
    peer.wait_closed();
  }}};
  const auto job = run_process(
      reading("raw_network_grep", std::to_string(server.port()), {"ab", "--batch", "100ms"}));
  CAPTURE(job.err);
  CHECK(job.status == 1);
  CHECK(job.err.find("raw_socket_stream at raw_network_grep.cpp:") != std::string::npos);
}

TEST_CASE("raw_network_grep needs a pattern") {
  const auto refused = run_process(reading("raw_network_grep", "9", {}));
  CHECK(refused.status == 2);
  CHECK(refused.err.find("PATTERN is required") != std::string::npos);
}

} // namespace
