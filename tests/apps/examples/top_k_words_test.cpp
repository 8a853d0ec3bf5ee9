#include "apps/programs.hpp"
#include "support/tcp_server.hpp"

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

using ranking = std::vector<std::pair<std::string, std::uint64_t>>;

bool ranks_before(const ranking::value_type& a, const ranking::value_type& b) {
  return a.second != b.second ? a.second > b.second : a.first < b.first;
}

/// The lines that are to be printed for the k most frequent words.
std::vector<std::string> top(const word_counts& counts, std::size_t k) {
  ranking all{counts.begin(), counts.end()};
  std::sort(all.begin(), all.end(), ranks_before);
  all.resize(std::min(k, all.size()));
  std::vector<std::string> lines;
  for (const auto& [word, count] : all)
    lines.push_back('(' + word + ',' + std::to_string(count) + ')');
  return lines;
}

TEST_CASE("the most frequent words of the whole text come last") {
  const std::vector<std::string> recipe{"--records", "3000", "--seed", "9", "--vocabulary", "200"};
  const auto expected = count_words(dump_text(recipe));
  for (const std::size_t k : {1, 5, 50, 1000}) {
    CAPTURE(k);
    auto serving = recipe;
    serving.insert(serving.end(), {"--rate", "10000", "--clients", "1"});
    text_source source{serving};
    const auto job = run_process(reading("top_k_words", source.port(),
                                         {"--until-end", "--batch", "100ms", "--window", "1h",
                                          "--k", std::to_string(k), "--master", "local[2]"}));
    CAPTURE(job.err);
    CHECK(job.status == 0);
    const auto batches = batches_of(job.out);
    REQUIRE(!batches.empty());
    CHECK((batches.back().lines == top(expected, k)));
    for (const auto& batch : batches)
      CHECK((batch.lines == top(batch.counts(), k)));
  }
}

/// Sends the text to the first client, and then nothing more.
tcp_server silent_after(const std::string& text) {
  return tcp_server{{[text](tcp_peer& peer) {
    peer.send(text);
    peer.wait_closed();
  }}};
}

TEST_CASE("equally frequent words are in order, and words leave with their window") {
  auto server = silent_after("pear fig fig apple\nkiwi plum fig apple pear\n");
  process job{reading("top_k_words", std::to_string(server.port()),
                      {"--batch", "100ms", "--window", "300ms", "--k", "4"})};
  CHECK(job.wait_for_out("(kiwi,1)"));
  CHECK(eventually([&] {
    const auto batches = batches_of(job.out());
    return !batches.empty() && !sum_of(batches).empty() && batches.back().lines.empty();
  }));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  const std::vector<std::string> expected{"(fig,3)", "(apple,2)", "(pear,2)", "(kiwi,1)"};
  std::size_t shown = 0;
  for (const auto& batch : batches_of(job.out()))
    shown += batch.lines == expected ? 1 : 0;
  // One batch may have only the first line, and lose it before the second.
  CHECK(shown >= 2);
  CHECK(shown <= 3);
}

TEST_CASE("--print shows fewer than k") {
  auto server = silent_after("a b b c c c\n");
  process job{reading("top_k_words", std::to_string(server.port()),
                      {"--batch", "100ms", "--k", "3", "--print", "2"})};
  CHECK(job.wait_for_out("(b,2)"));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
  CHECK((last_printed(job.out()).lines == std::vector<std::string>{"(c,3)", "(b,2)", "..."}));
}

TEST_CASE("bad arguments of top_k_words") {
  struct row {
    const char* option;
    const char* value;
    const char* reason;
  };
  for (const auto& [option, value, reason] :
       {row{"--k", "0", "--k: Value 0 not in range 1 to 1000000"}, row{"--k", "many", "--k"},
        row{"--window", "1500ms", "The window duration of windowed DStream (1500 ms) must be"}}) {
    const auto refused = run_process(reading("top_k_words", "9", {option, value}));
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(refused.err.find(reason) != std::string::npos);
  }
}

} // namespace
