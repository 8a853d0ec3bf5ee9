#include "apps/programs.hpp"

#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

TEST_CASE("the totals grow to the counts of the whole text, in key order") {
  struct row {
    const char* master;
    const char* rate;
  };
  for (const auto& [master, rate] : {row{"local[1]", "max"}, row{"local[3]", "10000"}}) {
    CAPTURE(master);
    const std::vector<std::string> recipe{"--records", "5000", "--seed", "4"};
    auto serving = recipe;
    serving.insert(serving.end(), {"--rate", rate, "--clients", "1"});
    text_source source{serving};
    const auto job = run_process(
        reading("stateful_word_count", source.port(),
                {"--until-end", "--batch", "100ms", "--master", master, "--print", "1000000"}));
    CAPTURE(job.err);
    CHECK(job.status == 0);
    word_counts before;
    for (const auto& batch : batches_of(job.out)) {
      CHECK(std::is_sorted(batch.lines.begin(), batch.lines.end(),
                           [](const std::string& a, const std::string& b) {
                             return a.substr(0, a.find(',')) < b.substr(0, b.find(','));
                           }));
      const auto now = batch.counts();
      CHECK(now.size() == batch.lines.size());
      for (const auto& [word, count] : before)
        CHECK(now.at(word) >= count);
      before = now;
    }
    CHECK((before == count_words(dump_text(recipe))));
  }
}

TEST_CASE("the totals are printed again when nothing comes") {
  text_source source{{"--records", "50", "--rate", "max", "--clients", "1"}};
  process job{reading("stateful_word_count", source.port(), {"--batch", "100ms", "--print", "2"})};
  CHECK(eventually([&] {
    const auto batches = batches_of(job.out());
    const auto n = batches.size();
    return n >= 3 && batches[n - 1].lines.size() == 3 && batches[n - 1].lines[2] == "..." &&
           batches[n - 1].lines == batches[n - 3].lines;
  }));
  job.send_signal(SIGTERM);
  CHECK(job.wait() == 0);
}

} // namespace
