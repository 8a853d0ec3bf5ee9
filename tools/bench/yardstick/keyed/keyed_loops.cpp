#include "yardstick/keyed/keyed_loops.hpp"

#include <algorithm>

namespace millrace::bench {

namespace {

constexpr std::size_t ahead = 32; // the best of 12, 16, 32 and 48

/// Calls `work(record)` for each, with its slot fetched ahead.
template <class Table, class Work>
void with_prefetch(const Table& table, std::span<const u64_pair> records, Work work) {
  const std::size_t n = records.size();
  for (std::size_t i = 0; i < n; ++i) {
    table.prefetch(records[std::min(i + ahead, n - 1)].first);
    work(records[i]);
  }
}

bool greater(const u64_pair& a, const u64_pair& b) {
  return a.second != b.second ? a.second > b.second : a.first < b.first;
}

} // namespace

std::vector<u64_pair> heap_top(std::span<const u64_pair> records, std::size_t k) {
  std::vector<u64_pair> heap; // its top is the least of the greatest
  heap.reserve(k);
  for (const u64_pair& r : records) {
    if (heap.size() < k) {
      heap.push_back(r);
      std::push_heap(heap.begin(), heap.end(), greater);
    } else if (greater(r, heap.front())) {
      std::pop_heap(heap.begin(), heap.end(), greater);
      heap.back() = r;
      std::push_heap(heap.begin(), heap.end(), greater);
    }
  }
  std::sort_heap(heap.begin(), heap.end(), greater);
  return heap;
}

std::uint64_t window_loop::slide(std::span<const u64_pair> arriving,
                                 std::span<const u64_pair> leaving) {
  with_prefetch(totals_, leaving, [&](const u64_pair& r) { totals_.at(r.first) -= r.second; });
  with_prefetch(totals_, arriving, [&](const u64_pair& r) { totals_.at(r.first) += r.second; });
  std::uint64_t sum = 0;
  for (const auto& slot : totals_.slots())
    if (slot.value != 0)
      sum += check_of(slot.key, slot.value);
  return sum;
}

std::uint64_t absl_totals::add(std::span<const u64_pair> records) {
  std::uint64_t sum = 0;
  for (const auto& [key, value] : records)
    sum += totals_[key] += value;
  return sum;
}

std::uint64_t open_totals::add(std::span<const u64_pair> records) {
  std::uint64_t sum = 0;
  with_prefetch(totals_, records,
                [&](const u64_pair& r) { sum += totals_.at(r.first) += r.second; });
  return sum;
}

std::uint64_t join_absl(std::span<const u64_pair> left, std::span<const u64_pair> right) {
  absl::flat_hash_map<std::uint64_t, std::uint64_t> build;
  build.reserve(left.size());
  for (const auto& [key, value] : left)
    build.emplace(key, value);
  std::uint64_t sum = 0;
  for (const auto& [key, value] : right)
    if (auto it = build.find(key); it != build.end())
      sum += joined_check(key, it->second, value);
  return sum;
}

std::uint64_t join_open(std::span<const u64_pair> left, std::span<const u64_pair> right) {
  open_table build{left.size()};
  with_prefetch(build, left, [&](const u64_pair& r) { build.at(r.first) = r.second; });
  std::uint64_t sum = 0;
  with_prefetch(build, right, [&](const u64_pair& r) {
    if (const auto* value = build.find(r.first))
      sum += joined_check(r.first, *value, r.second);
  });
  return sum;
}

} // namespace millrace::bench
