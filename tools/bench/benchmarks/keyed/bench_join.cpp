#include "benchmarks/keyed/keyed_input.hpp"
#include "suite/number_job.hpp"
#include "suite/registry.hpp"

#include <functional>

namespace millrace::bench {

namespace {

constexpr std::size_t parts = 10;

/// One side of a join: each key once, whole and in ten parts.
struct join_side {
  std::vector<u64_pair> records;
  std::vector<block_ptr> whole;
  std::vector<std::vector<block_ptr>> part;

  join_side(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    auto keys = make_keys(n);
    records = make_records(keys, n, random);
    const std::span<const u64_pair> all{records};
    whole = to_typed_blocks(all);
    for (std::size_t i = 0; i < parts; ++i)
      part.push_back(to_typed_blocks(all.subspan(n / parts * i, n / parts)));
  }
};

auto checked(const auto& joined) {
  return joined
      .map([](const std::pair<std::uint64_t, u64_pair>& r) {
        return joined_check(r.first, r.second.first, r.second.second);
      })
      .reduce(std::plus<std::uint64_t>{});
}

struct join_times {
  double ours = 1e9, absl = 1e9, open = 1e9;

  /// The loops join both sides whole.
  void time_loops(const std::string& name, const join_side& left, const join_side& right,
                  std::uint64_t answer) {
    auto begin = steady::now();
    const auto by_absl = join_absl(left.records, right.records);
    absl = std::min(absl, seconds_since(begin));
    begin = steady::now();
    const auto by_open = join_open(left.records, right.records);
    open = std::min(open, seconds_since(begin));
    report::check_equal(name, answer, by_absl);
    report::check_equal(name, answer, by_open);
  }

  void report_to(report& to, const std::string& name, std::size_t n) const {
    const double millions = static_cast<double>(2 * n) * 1e-6;
    to.add(name + "/absl", millions / ours, millions / absl, "Mrecords/s");
    to.add(name + "/open", millions / ours, millions / open, "Mrecords/s");
  }
};

} // namespace

void bench_join(report& to, const run_options& options) {
  const auto n = options.choose<std::size_t>(1'000'000, 20'000);
  const int rounds = options.choose(9, 1);
  const join_side left{n, 1}, right{n, 2};
  {
    number_job ours{[](auto& first, auto& second) { return checked(first.join(second)); }};
    join_times times;
    for (int r = 0; r < rounds; ++r) {
      times.ours = std::min(times.ours, ours.round(left.whole, right.whole));
      times.time_loops("b7/batch", left, right, ours.answer());
    }
    times.report_to(to, "b7/batch", n);
  }
  number_job ours{[](auto& first, auto& second) {
    return checked(first.window(seconds(parts)).join(second.window(seconds(parts))));
  }};
  join_times times;
  for (std::size_t i = 0; i < parts; ++i)
    ours.round(left.part[i], right.part[i]);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rounds); ++r) {
    times.ours = std::min(times.ours, ours.round(left.part[r % parts], right.part[r % parts]));
    times.time_loops("b7/window", left, right, ours.answer());
  }
  times.report_to(to, "b7/window", n);
}

} // namespace millrace::bench
