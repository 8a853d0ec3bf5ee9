#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "text_input.hpp"
#include "yardstick/socket.hpp"
#include "yardstick/text_server.hpp"

#include <algorithm>
#include <functional>

namespace millrace::bench {

namespace {

using counted_word = std::pair<std::string, std::int64_t>;

/// What is sent in one round.
struct transfer {
  const text_input& text;
  std::size_t repeats;

  std::uint64_t lines() const { return text.lines * repeats; }
  std::uint64_t words() const { return text.words * repeats; }
  double megabytes() const { return static_cast<double>(text.bytes.size() * repeats) * 1e-6; }
};

configuration socket_configuration() {
  return bench_configuration(1)
      .set("receiver.reconnect", false)
      .set("stream.block_interval", "10ms");
}

constexpr std::int64_t interval_ms = 20;

double time_of(const std::function<void()>& body) {
  const auto begin = steady::now();
  body();
  return seconds_since(begin);
}

/// From start() to the end of the batch that brings the last line: connecting and up to one
/// interval of waiting count.
double our_lines(const transfer& what) {
  text_server server{what.text.bytes, what.repeats};
  progress_counter lines;
  bench_job job{socket_configuration(), milliseconds(interval_ms), bench_job::clock_kind::real};
  job.context()
      .socket_text_stream("127.0.0.1", server.port())
      .count()
      .for_each_batch([&](const batch<std::int64_t>& count) {
        lines.add(static_cast<std::uint64_t>(count.partition(0).at(0)));
      });
  const double time = time_of([&] {
    job.context().start();
    job.wait(lines, what.lines());
  });
  job.stop();
  report::check_equal("b2/receiver", lines.value(), what.lines());
  return time;
}

double our_words(const transfer& what, owned_counts& total) {
  text_server server{what.text.bytes, what.repeats};
  progress_counter words;
  bench_job job{socket_configuration(), milliseconds(interval_ms), bench_job::clock_kind::real};
  job.context()
      .socket_text_stream("127.0.0.1", server.port())
      .flat_map(split(' '))
      .map([](std::string_view word) {
        return std::pair{word, std::int64_t{1}};
      })
      .reduce_by_key(std::plus{})
      .for_each_batch([&](const batch<counted_word>& counts) {
        std::int64_t sum = 0;
        for (std::size_t p = 0; p < counts.partitions(); ++p) {
          for (auto& [word, count] : counts.partition(p)) {
            total[word] += count;
            sum += count;
          }
        }
        words.add(static_cast<std::uint64_t>(sum));
      });
  const double time = time_of([&] {
    job.context().start();
    job.wait(words, what.words());
  });
  job.stop();
  return time;
}

std::uint64_t checksum_of(const owned_counts& counts) {
  return checksum(word_counts(counts.begin(), counts.end()));
}

void compare_receivers(report& to, const transfer& what, int rounds) {
  double ours = 1e9, by_hand = 1e9;
  for (int r = 0; r < rounds; ++r) {
    ours = std::min(ours, our_lines(what));
    text_server server{what.text.bytes, what.repeats};
    by_hand =
        std::min(by_hand, time_of([&] {
                   report::check_equal("b2/receiver", what.lines(), socket_lines(server.port()));
                 }));
  }
  to.add("b2/receiver", what.megabytes() / ours, what.megabytes() / by_hand, "MB/s");
}

void compare_words(report& to, const transfer& what, int rounds) {
  double ours = 1e9, plain = 1e9, tuned = 1e9;
  auto by_hand = [&](word_counts (*count)(std::string_view), std::uint64_t expected) {
    text_server server{what.text.bytes, what.repeats};
    return time_of([&] {
      report::check_equal("b2/words", expected, checksum_of(socket_words(server.port(), count)));
    });
  };
  for (int r = 0; r < rounds; ++r) {
    owned_counts total;
    ours = std::min(ours, our_words(what, total));
    plain = std::min(plain, by_hand(word_count_plain, checksum_of(total)));
    tuned = std::min(tuned, by_hand(word_count_tuned, checksum_of(total)));
  }
  to.add("b2/words/plain", what.megabytes() / ours, what.megabytes() / plain, "MB/s");
  to.add("b2/words/tuned", what.megabytes() / ours, what.megabytes() / tuned, "MB/s");
}

} // namespace

void bench_socket(report& to, const run_options& options) {
  text_options what;
  what.bytes = options.choose<std::size_t>(64'000'000, 2'000'000);
  const auto text = make_text(what);
  const int rounds = options.choose(5, 1);
  compare_receivers(to, {text, options.choose<std::size_t>(64, 2)}, rounds);
  compare_words(to, {text, options.choose<std::size_t>(16, 2)}, rounds);
}

} // namespace millrace::bench
