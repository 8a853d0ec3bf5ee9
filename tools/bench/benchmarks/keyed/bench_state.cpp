#include "benchmarks/keyed/keyed_input.hpp"
#include "millrace/state/state_store.hpp"
#include "suite/measure.hpp"
#include "suite/number_job.hpp"
#include "suite/registry.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace millrace::bench {

namespace {

/// Running totals by key: what a batch makes of them, added up.
number_job totals_job() {
  return number_job{[](auto& records, auto&) {
    auto total = [](const std::uint64_t&, std::optional<std::uint64_t> value,
                    state<std::uint64_t>& sum) {
      const std::uint64_t now = (sum.exists() ? sum.get() : 0) + *value;
      sum.update(now);
      return now;
    };
    return records.map_with_state(state_spec<std::uint64_t>(total))
        .reduce(std::plus<std::uint64_t>{});
  }};
}

/// A share of the keys and the seconds of the best round that touched so many.
struct touched_share {
  const char* name;
  std::size_t keys;
  int rounds;
  double ours = 1e9, absl = 1e9, open = 1e9;

  double ns_per_key() const { return ours * 1e9 / static_cast<double>(keys); }
};

/// One size of the state: ours and the loops hold the same totals.
class state_case {
public:
  state_case(report& to, std::string name, std::size_t n)
      : to_{to},
        name_{std::move(name)},
        keys_{make_keys(n)},
        heap_before_{heap_bytes()},
        ours_{totals_job()} {
    const std::span<const u64_pair> all = fill_ = make_records(keys_, n, random_);
    fill_ours(all);
    report_memory();
    absl_.emplace(n);
    open_.emplace(n);
    absl_->add(all);
    open_->add(all);
    fill_ = {};
  }

  /// Rounds of ours, then the same of either loop: between rounds of another the states of each
  /// would have left the caches. Each round touches other keys than the one before, for the same
  /// reason.
  void measure(touched_share& share) {
    std::vector<std::vector<u64_pair>> rounds;
    for (int r = 0; r < share.rounds; ++r)
      rounds.push_back(make_records(keys_, share.keys, random_));
    std::vector<std::uint64_t> sums;
    for (const auto& records : rounds) {
      share.ours =
          std::min(share.ours, ours_.round(to_typed_blocks(std::span<const u64_pair>{records})));
      sums.push_back(ours_.answer());
    }
    for (std::size_t r = 0; r < rounds.size(); ++r)
      share.absl = std::min(share.absl, seconds_elsewhere(*absl_, rounds[r], sums[r]));
    for (std::size_t r = 0; r < rounds.size(); ++r)
      share.open = std::min(share.open, seconds_elsewhere(*open_, rounds[r], sums[r]));
  }

  void report_speed(const touched_share& share, double linear_to) {
    const double millions = static_cast<double>(share.keys) * 1e-6;
    const std::string of = name_ + share.name;
    to_.add(of + "/absl", millions / share.ours, millions / share.absl, "Mkeys/s");
    to_.add(of + "/open", millions / share.ours, millions / share.open, "Mkeys/s");
    to_.add(name_ + "linear/" + share.name, share.ns_per_key(), linear_to, "ns/key");
  }

private:
  /// For records that another thread has just made, which is how a job gets its own.
  template <class Totals>
  double seconds_elsewhere(Totals& totals, std::vector<u64_pair> records, std::uint64_t expected) {
    double seconds = 0;
    std::uint64_t sum = 0;
    std::thread([&] {
      const auto begin = steady::now();
      sum = totals.add(records);
      seconds = seconds_since(begin);
    }).join();
    report::check_equal(name_, expected, sum);
    return seconds;
  }

  /// In parts, so that what a batch itself takes is little beside the states.
  void fill_ours(std::span<const u64_pair> all) {
    const std::size_t most = std::max<std::size_t>(1, keys_.size() / 20);
    for (; !all.empty(); all = all.subspan(std::min(most, all.size())))
      ours_.round(to_typed_blocks(all.first(std::min(most, all.size()))));
    ours_.round({});
  }

  void report_memory() {
    const double records = static_cast<double>(fill_.capacity() * sizeof(u64_pair));
    const double heap = static_cast<double>(heap_bytes()) - static_cast<double>(heap_before_);
    constexpr double payload = 16, most = 48;
    to_.add(name_ + "overhead", (heap - records) / static_cast<double>(keys_.size()) - payload,
            most, "B/key");
  }

  report& to_;
  std::string name_;
  std::vector<std::uint64_t> keys_;
  std::size_t heap_before_;
  std::mt19937_64 random_{6};
  std::vector<u64_pair> fill_;
  number_job ours_;
  std::optional<absl_totals> absl_;
  std::optional<open_totals> open_;
};

using number_states = state_store<std::uint64_t, std::uint64_t>;

/// Milliseconds that `take(states)`, between two batches which touch some keys each, and its
/// result, held by a reader, cost the job: what the call and the batch after it take longer than a
/// batch does alone. Snapshots are read beside the job.
template <class Take>
std::vector<double> snapshot_pauses(std::size_t keys, std::size_t touched, int rounds, Take take) {
  std::mt19937_64 random{7};
  number_states states(hash_seed{8});
  std::int64_t time = 0;
  const auto batch = [&](const std::vector<std::uint64_t>& some) {
    std::vector<std::uint64_t> hashes(some.size());
    for (std::size_t i = 0; i < some.size(); ++i)
      hashes[i] = key_hash<std::uint64_t>{}(some[i], states.seed());
    const auto begin = steady::now();
    states.begin(batch_time(++time));
    states.update(
        some.size(), hashes.data(), [&](std::size_t i) -> const std::uint64_t& { return some[i]; },
        [](std::size_t, state<std::uint64_t>& s) { s.update(s.exists() ? s.get() + 1 : 1); });
    states.commit();
    return seconds_since(begin) * 1e3;
  };
  std::vector<std::uint64_t> all(keys);
  std::iota(all.begin(), all.end(), 0);
  batch(all);
  states.take_delta(); // the complete one, which a full snapshot stands for
  const auto touch = [&] {
    std::vector<std::uint64_t> some(touched);
    std::ranges::generate(some, [&] { return random() % keys; });
    return batch(some);
  };
  std::vector<double> pauses;
  for (int r = 0; r < rounds; ++r) {
    const double plain = std::min(touch(), touch());
    const auto begin = steady::now();
    const auto held = take(states);
    const double taken = seconds_since(begin) * 1e3;
    pauses.push_back(taken + touch() - plain);
  }
  return pauses;
}

} // namespace

void bench_state(report& to, const run_options& options) {
  struct state_size {
    const char* name;
    std::size_t keys;
    int rounds;
  };
  const state_size sizes[] = {{"1M", options.choose<std::size_t>(1'000'000, 20'000), 9},
                              {"10M", options.choose<std::size_t>(10'000'000, 100'000), 5}};
  for (const auto& size : sizes) {
    const std::string name = std::string{"b6/"} + size.name + '/';
    const int rounds = options.choose(size.rounds, 1);
    state_case states{to, name, size.keys};
    touched_share few{"1%", size.keys / 100, 2 * rounds}, some{"10%", size.keys / 10, rounds},
        all{"100%", size.keys, rounds / 3 + 1};
    // In turns, so that a slow spell of the machine does not fall on one of them alone.
    for (int turn = 0; turn < 3; ++turn)
      for (touched_share* each : {&few, &some, &all})
        states.measure(*each);
    states.report_speed(few, all.ns_per_key());
    states.report_speed(some, all.ns_per_key());
    states.report_speed(all, some.ns_per_key());
  }
  constexpr double most_ms = 50; // 5 % of a second
  const auto keys = options.choose<std::size_t>(10'000'000, 100'000);
  const auto pauses = [&](const char* name, std::size_t touched, auto take) {
    const auto found = snapshot_pauses(keys, touched, options.choose(7, 1), take);
    to.add(std::string{"b6/10M/"} + name, percentile(found, 0.5), most_ms, "ms");
    to.add(std::string{"b6/10M/"} + name + "/worst", percentile(found, 1), most_ms, "ms");
  };
  pauses("snapshot", keys / 100, [](number_states& states) { return states.full_snapshot(); });
  pauses("delta", keys / 100, [](number_states& states) { return states.take_delta(); });
}

} // namespace millrace::bench
