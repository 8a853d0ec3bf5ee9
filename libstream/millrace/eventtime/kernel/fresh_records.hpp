#pragma once

#include "millrace/eventtime/timestamped.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The records of one batch and side: taken as they come, then grouped by key and put in order of
/// time. Part of an interval_join_buffer, which numbers the keys of a batch from 0.
template <class T>
class fresh_records {
public:
  void add(std::uint32_t key, timestamped<T> record) {
    arrived_.push_back({key, std::move(record)});
  }

  /// All that was added, grouped or not.
  [[nodiscard]] std::size_t size() const { return arrived_.size(); }

  /// Once in a batch, after which `of` may be called for keys below `keys`.
  void group(std::size_t keys) {
    ends_.assign(keys + 1, 0);
    for (const arrived& each : arrived_)
      ++ends_[each.key + 1];
    for (std::size_t i = 1; i <= keys; ++i)
      ends_[i] += ends_[i - 1];
    order_.resize(arrived_.size());
    for (std::uint32_t i = 0; i < arrived_.size(); ++i)
      order_[ends_[arrived_[i].key]++] = i;
    grouped_.clear();
    grouped_.reserve(arrived_.size());
    for (const std::uint32_t i : order_)
      grouped_.push_back(std::move(arrived_[i].record));
    const auto by_time = [](const auto& a, const auto& b) { return a.time < b.time; };
    for (std::size_t key = 0; key < keys; ++key)
      if (const auto records = of(key); !std::is_sorted(records.begin(), records.end(), by_time))
        std::stable_sort(records.begin(), records.end(), by_time);
  }

  /// The records of one key, in order of time, those of one time in order of arrival.
  [[nodiscard]] std::span<timestamped<T>> of(std::size_t key) {
    const std::size_t begin = key == 0 ? 0 : ends_[key - 1];
    return std::span{grouped_}.subspan(begin, ends_[key] - begin);
  }

  void clear() noexcept {
    arrived_.clear();
    grouped_.clear();
  }

private:
  struct arrived {
    std::uint32_t key;
    timestamped<T> record;
  };

  std::vector<arrived> arrived_;
  std::vector<timestamped<T>> grouped_;
  std::vector<std::size_t> ends_; // of each key's group in `grouped_`
  std::vector<std::uint32_t> order_;
};

} // namespace millrace::detail
