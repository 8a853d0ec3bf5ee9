#include "apps/programs.hpp"
#include "support/tcp_server.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

const std::vector<std::string> recipe{"--records", "600", "--seed", "21", "--vocabulary", "300"};

/// Sends the text over several batches to the first client, and then nothing more.
tcp_server slow_server(const std::string& text) {
  return tcp_server{{[text](tcp_peer& peer) {
    constexpr std::size_t pieces = 20;
    for (std::size_t i = 0; i < pieces; ++i) {
      const auto begin = i * text.size() / pieces;
      peer.send(std::string_view{text}.substr(begin, (i + 1) * text.size() / pieces - begin));
      std::this_thread::sleep_for(std::chrono::milliseconds{30});
    }
    peer.wait_closed();
  }}};
}

word_counts times(word_counts counts, std::uint64_t n) {
  for (auto& [word, count] : counts)
    count *= n;
  return counts;
}

/// Batches of 100 ms, all of what they print.
std::vector<std::string> command(const tcp_server& from, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--batch", "100ms", "--print", "1000000"});
  return reading("windowed_word_count", std::to_string(from.port()), std::move(arguments));
}

TEST_CASE("each word is counted in every window that covers it") {
  struct row {
    const char* window;
    const char* slide;
    std::int64_t slide_ms;
    /// How many slides fit into a window.
    std::size_t overlap;
    const char* inverse;
    const char* master;
  };
  const auto text = dump_text(recipe);
  const auto expected = count_words(text);
  CHECK(expected.size() == 300);
  for (const auto& [window, slide, slide_ms, overlap, inverse, master] :
       {row{"300ms", "300ms", 300, 1, "false", "local[1]"},
        row{"300ms", "300ms", 300, 1, "true", "local[3]"},
        row{"600ms", "200ms", 200, 3, "false", "local[3]"},
        row{"600ms", "200ms", 200, 3, "true", "local[1]"},
        row{"1s", "100ms", 100, 10, "true", "local[2]"}}) {
    CAPTURE(window);
    CAPTURE(inverse);
    auto server = slow_server(text);
    process job{command(server, {"--window", window, "--slide", slide, "--master", master,
                                 std::string{"--inverse="} + inverse})};
    const auto all = times(expected, overlap);
    CHECK(eventually([&] { return sum_of_printed(job.out()) == all; }));
    job.send_signal(SIGTERM);
    CHECK(job.wait() == 0);
    CAPTURE(job.err());
    const auto batches = batches_of(job.out());
    CHECK((sum_of(batches) == all));
    for (std::size_t i = 1; i < batches.size(); ++i)
      CHECK(batches[i].time_ms - batches[i - 1].time_ms == slide_ms);
    // Every overlap-th window follows the one before without a gap: together they have each word
    // once.
    for (std::size_t first = 0; first < overlap; ++first)
      CHECK((sum_of(batches, first, overlap) == expected));
    for (const auto& batch : batches)
      for (const auto& [word, count] : batch.counts())
        CHECK(count > 0);
  }
}

TEST_CASE("a window longer than the text ends with all of it") {
  const auto text = dump_text(recipe);
  const auto expected = count_words(text);
  for (const char* inverse : {"false", "true"}) {
    CAPTURE(inverse);
    auto server = slow_server(text);
    process job{command(
        server, {"--window", "1h", "--slide", "100ms", std::string{"--inverse="} + inverse})};
    CHECK(eventually([&] { return last_printed(job.out()).counts() == expected; }));
    job.send_signal(SIGTERM);
    CHECK(job.wait() == 0);
    word_counts before;
    for (const auto& batch : batches_of(job.out())) {
      const auto now = batch.counts();
      for (const auto& [word, count] : before)
        CHECK(now.at(word) >= count);
      before = now;
    }
    CHECK((before == expected));
  }
}

TEST_CASE("--print limits what each window shows") {
  auto server = slow_server(dump_text(recipe));
  process job{reading("windowed_word_count", std::to_string(server.port()),
                      {"--window", "1h", "--slide", "100ms", "--batch", "100ms", "--print", "3"})};
  CHECK(job.wait_for_out("..."));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  for (const auto& batch : batches_of(job.out()))
    CHECK(batch.counts().size() <= 3);
}

TEST_CASE("windows that do not fit the batches are refused") {
  struct row {
    const char* window;
    const char* slide;
    const char* reason;
  };
  for (const auto& [window, slide, reason] :
       {row{"250ms", "100ms",
            "The window duration of windowed DStream (250 ms) must be a multiple"},
        row{"200ms", "150ms", "The slide duration of windowed DStream (150 ms) must be a multiple"},
        row{"0s", "100ms", "--window: '0s' is too short; at least 1ms is needed"},
        row{"200ms", "soon", "--slide: "}, row{"-1s", "100ms", "--window: "}}) {
    CAPTURE(reason);
    const auto refused = run_process(reading(
        "windowed_word_count", "9", {"--batch", "100ms", "--window", window, "--slide", slide}));
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find(reason) != std::string::npos);
  }
}

} // namespace
