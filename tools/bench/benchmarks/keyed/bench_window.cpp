#include "benchmarks/keyed/keyed_input.hpp"
#include "suite/number_job.hpp"
#include "suite/registry.hpp"

#include <functional>

namespace millrace::bench {

namespace {

using plus = std::plus<std::uint64_t>;
using minus = std::minus<std::uint64_t>;

/// The batches of the stream, again and again.
struct batch_cycle {
  std::vector<std::vector<u64_pair>> records;
  std::vector<std::vector<block_ptr>> blocks;

  batch_cycle(std::size_t all_keys, std::size_t keys_a_batch) {
    std::mt19937_64 random{5};
    auto keys = make_keys(all_keys);
    for (int i = 0; i < 61; ++i) {
      records.push_back(make_records(keys, keys_a_batch, random));
      blocks.push_back(to_typed_blocks(std::span<const u64_pair>{records.back()}));
    }
  }

  std::span<const u64_pair> batch(std::int64_t number) const {
    if (number < 0)
      return {};
    return records[static_cast<std::size_t>(number) % records.size()];
  }
};

/// Seconds of each slide.
struct slide_times {
  std::vector<double> ours, loop;
};

number_job windowed_job(int length, bool inverse) {
  return number_job{[=](auto& records, auto&) {
    auto checked = [](const auto& sums) {
      return sums
          .map([](const u64_pair& r) { return r.second == 0 ? 0 : check_of(r.first, r.second); })
          .reduce(plus{});
    };
    if (inverse)
      return checked(records.reduce_by_key_and_window(plus{}, minus{}, seconds(length)));
    return checked(records.reduce_by_key_and_window(plus{}, seconds(length)));
  }};
}

/// Fills a window and times the next slides.
slide_times run_window(const std::string& name, const batch_cycle& input, int length, bool inverse,
                       std::size_t keys, int slides) {
  number_job ours{windowed_job(length, inverse)};
  window_loop loop{keys};
  slide_times times;
  for (std::int64_t i = 0; i < length + slides; ++i) {
    const double taken =
        ours.round(input.blocks[static_cast<std::size_t>(i) % input.blocks.size()]);
    const auto begin = steady::now();
    const auto expected = loop.slide(input.batch(i), input.batch(i - length));
    if (i >= length) {
      times.loop.push_back(seconds_since(begin));
      times.ours.push_back(taken);
    }
    report::check_equal(name, ours.answer(), expected);
  }
  return times;
}

void keep_least(std::vector<double>& best, const std::vector<double>& more) {
  for (std::size_t i = 0; i < best.size(); ++i)
    best[i] = std::min(best[i], more[i]);
}

/// Several runs over the same batches: of each slide the best time, so that a spike that remains is
/// of our making. Returns the median slide in milliseconds.
double compare(report& to, const std::string& name, const batch_cycle& input, int length,
               bool inverse, std::size_t keys, const run_options& options) {
  const int slides = options.choose(60, 6);
  auto best = run_window(name, input, length, inverse, keys, slides);
  const int runs = length > 1000 ? 2 : 3;
  for (int run = 1; run < options.choose(runs, 1); ++run) {
    auto more = run_window(name, input, length, inverse, keys, slides);
    keep_least(best.ours, more.ours);
    keep_least(best.loop, more.loop);
  }
  const double ours = percentile(best.ours, 0.5) * 1e3, loop = percentile(best.loop, 0.5) * 1e3;
  to.add(name + "/slide", ours, loop, "ms");
  to.add(name + "/worst", *std::ranges::max_element(best.ours) * 1e3, ours, "ms");
  return ours;
}

} // namespace

void bench_window(report& to, const run_options& options) {
  struct input_size {
    const char* name;
    std::size_t keys_a_batch;
    std::vector<int> lengths;
  };
  const input_size sizes[] = {
      {"50k", options.choose<std::size_t>(50'000, 2'000),
       options.choose<std::vector<int>>({10, 100, 1000, 3600}, {3, 70})},
      {"5k", options.choose<std::size_t>(5'000, 500),
       options.choose<std::vector<int>>({10, 3600}, {10, 100})},
  };
  for (const auto& size : sizes) {
    const std::size_t keys = 2 * size.keys_a_batch;
    const batch_cycle input{keys, size.keys_a_batch};
    for (bool inverse : {true, false}) {
      const std::string name =
          std::string{"b5/"} + (inverse ? "inverse/" : "no-inverse/") + size.name + '/';
      std::vector<double> medians;
      for (int length : size.lengths)
        medians.push_back(
            compare(to, name + std::to_string(length), input, length, inverse, keys, options));
      to.add(name + "flat", medians.back(), medians.front(), "ms");
    }
  }
}

} // namespace millrace::bench
