#include "benchmarks/keyed/keyed_input.hpp"
#include "suite/number_job.hpp"
#include "suite/registry.hpp"

#include <functional>

namespace millrace::bench {

namespace {

constexpr std::size_t window_batches = 30;

/// The sums of a window that has all keys, and of it the first k, or how many keys there are.
class top_k_job {
public:
  explicit top_k_job(std::size_t k)
      : job_{[k](auto& records, auto&) { return build(records, k); }} {}

  double round(const std::vector<block_ptr>& blocks) { return job_.round(blocks); }
  std::uint64_t answer() const { return job_.answer(); }

private:
  static dstream<std::uint64_t> build(const number_job::input& records, std::size_t k) {
    auto sums =
        records.reduce_by_key_and_window(std::plus<std::uint64_t>{}, std::minus<std::uint64_t>{},
                                         seconds(static_cast<int>(window_batches)));
    if (k == 0)
      return sums.count().map([](std::int64_t n) { return static_cast<std::uint64_t>(n); });
    return sums.top_k(k, [](const u64_pair& r) { return r.second; })
        .map([place = std::uint64_t{0}, k](const u64_pair& r) mutable {
          return (place++ % k + 1) * check_of(r.first, r.second);
        });
  }

  number_job job_;
};

std::uint64_t check_of_top(const std::vector<u64_pair>& top) {
  std::uint64_t sum = 0, place = 0;
  for (const auto& [key, value] : top)
    sum += ++place * check_of(key, value);
  return sum;
}

std::vector<u64_pair> contents(const open_table& table) {
  std::vector<u64_pair> all;
  for (const auto& slot : table.slots())
    if (slot.key != 0)
      all.emplace_back(slot.key, slot.value);
  return all;
}

/// Batches of a tenth of the keys each, so that each key is in three batches of every window.
std::vector<std::vector<u64_pair>> make_batches(std::size_t keys) {
  std::mt19937_64 random{4};
  const auto all_keys = make_keys(keys);
  std::vector<std::vector<u64_pair>> batches(4 * window_batches);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto tenth = static_cast<std::ptrdiff_t>(keys / 10);
    const auto first = all_keys.begin() + static_cast<std::ptrdiff_t>(i % 10) * tenth;
    std::vector<std::uint64_t> part(first, first + tenth);
    batches[i] = make_records(part, part.size(), random);
  }
  return batches;
}

void compare(report& to, std::size_t k, std::size_t keys, std::size_t rounds) {
  const std::string name = "b4/" + std::to_string(k);
  const auto batches = make_batches(keys);
  top_k_job ours{k}, without{0};
  window_loop totals{keys};
  double best = 1e9, best_without = 1e9, best_scan = 1e9;
  for (std::size_t i = 0; i < window_batches + rounds; ++i) {
    auto batch = [&](std::size_t number) {
      return std::span<const u64_pair>{batches[number % batches.size()]};
    };
    const auto blocks = to_typed_blocks(batch(i));
    const double with_top = ours.round(blocks), only_window = without.round(blocks);
    totals.slide(batch(i), i < window_batches ? batch(0).first(0) : batch(i - window_batches));
    const auto sums = contents(totals.totals());
    const auto begin = steady::now();
    const auto top = heap_top(sums, k);
    const double scan = seconds_since(begin);
    report::check_equal(name, ours.answer(), check_of_top(top));
    if (i < window_batches)
      continue;
    best = std::min(best, with_top);
    best_without = std::min(best_without, only_window);
    best_scan = std::min(best_scan, scan);
  }
  to.add(name + "/added", (best - best_without) * 1e3, best_scan * 1e3, "ms");
}

} // namespace

void bench_top_k(report& to, const run_options& options) {
  for (std::size_t k : {10, 1000})
    compare(to, k, options.choose<std::size_t>(200'000, 20'000),
            options.choose<std::size_t>(60, 3));
}

} // namespace millrace::bench
