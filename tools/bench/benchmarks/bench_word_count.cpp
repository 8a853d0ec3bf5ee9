#include "millrace/flow/stream_context.hpp"
#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "suite/text_blocks.hpp"
#include "text_input.hpp"
#include "yardstick/word_count.hpp"

#include <algorithm>
#include <functional>

namespace millrace::bench {

namespace {

using counted_word = std::pair<std::string, std::int64_t>;

/// The job under measurement: one batch holds the whole input.
class word_count_job {
public:
  word_count_job(unsigned workers, std::vector<block_ptr> blocks)
      : source_{std::make_shared<block_source>(std::move(blocks))},
        job_{bench_configuration(workers), seconds(1), bench_job::clock_kind::by_hand} {
    auto lines = job_.context().block_stream<std::string_view>(source_);
    auto counts = lines.flat_map(split(' '))
                      .map([](std::string_view word) {
                        return std::pair{word, std::int64_t{1}};
                      })
                      .reduce_by_key(std::plus{});
    counts.for_each_batch([this](const batch<counted_word>& words) { keep(words); });
    job_.start();
  }

  /// Seconds from the request for the batch's blocks to the return of its output function.
  double round() {
    job_.tick();
    job_.wait(done_, ++rounds_);
    return std::chrono::duration<double>(ended_ - source_->asked()).count();
  }

  std::uint64_t answer() const {
    word_counts words;
    for (std::size_t p = 0; p < last_->partitions(); ++p)
      for (auto& [word, count] : last_->partition(p))
        words.emplace_back(word, count);
    return checksum(words);
  }

private:
  void keep(const batch<counted_word>& words) {
    last_ = words;
    ended_ = steady::now();
    done_.add();
  }

  std::shared_ptr<block_source> source_;
  progress_counter done_;
  std::uint64_t rounds_ = 0;
  std::optional<batch<counted_word>> last_;
  steady::time_point ended_;
  bench_job job_;
};

struct word_count_yardstick {
  const char* name;
  unsigned threads;
  word_counts (*count)(std::string_view);
};

constexpr word_count_yardstick yardsticks[] = {
    {"plain", 1, word_count_plain},
    {"tuned", 1, word_count_tuned},
    {"plain", 2, word_count_plain_two_threads},
    {"tuned", 2, word_count_tuned_two_threads},
};

double time_of(const word_count_yardstick& yardstick, std::string_view text) {
  const auto begin = steady::now();
  const auto words = yardstick.count(text);
  return words.empty() ? 0.0 : seconds_since(begin);
}

/// Ours and the yardsticks take turns, so that a busy neighbour hits all of them; each has its best
/// round.
void compare(report& to, const std::string& name, unsigned workers, const text_input& text,
             int rounds) {
  word_count_job ours{workers, to_text_blocks(text.bytes)};
  ours.round();
  for (auto& yardstick : yardsticks)
    report::check_equal(name + yardstick.name, ours.answer(),
                        checksum(yardstick.count(text.bytes)));
  double best = 1e9;
  std::vector<double> best_of(std::size(yardsticks), 1e9);
  for (int r = 0; r < rounds; ++r) {
    best = std::min(best, ours.round());
    for (std::size_t i = 0; i < best_of.size(); ++i)
      if (yardsticks[i].threads == workers)
        best_of[i] = std::min(best_of[i], time_of(yardsticks[i], text.bytes));
  }
  const double words = static_cast<double>(text.words) * 1e-6;
  for (std::size_t i = 0; i < best_of.size(); ++i)
    if (yardsticks[i].threads == workers)
      to.add(name + yardsticks[i].name, words / best, words / best_of[i], "Mwords/s");
}

} // namespace

void bench_word_count(report& to, const run_options& options) {
  for (std::size_t vocabulary : {5'000, 100'000}) {
    text_options what;
    what.bytes = options.choose<std::size_t>(128'000'000, 4'000'000);
    what.vocabulary = vocabulary;
    const auto text = make_text(what);
    for (unsigned workers : {1, 2})
      compare(to, "b1/" + std::to_string(vocabulary / 1000) + "k/" + std::to_string(workers) + "w/",
              workers, text, options.choose(9, 1));
  }
}

} // namespace millrace::bench
