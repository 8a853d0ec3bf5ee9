#pragma once

#include "millrace/chunk/key_hash.hpp"
#include "millrace/eventtime/event_options.hpp"
#include "millrace/eventtime/windowed.hpp"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <ostream>
#include <random>
#include <set>
#include <span>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace millrace::test {

inline constexpr hash_seed seed_of_hashes{42};

inline event_time at(std::int64_t ms) { return event_time{ms}; }

/// A record of a random stream; `number` is its place in the stream, and its value.
struct event {
  int key = 0;
  std::int64_t time = 0;
  int number = 0;
};

using event_batches = std::vector<std::vector<event>>;

/// A stream whose times move on by `step` on the average and are out of order by up to `disorder`.
inline std::vector<event> random_events(std::mt19937_64& random, int count, int keys,
                                        std::int64_t step, std::int64_t disorder) {
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  std::vector<event> all;
  std::int64_t now = -count * step / 2;
  for (int i = 0; i < count; ++i) {
    now += below(10) == 0 ? below(15 * step + 1) : below(step + 1);
    all.push_back({static_cast<int>(below(keys)), now - below(disorder + 1), i});
  }
  return all;
}

inline event_batches random_cut(std::mt19937_64& random, std::span<const event> events) {
  const std::uint64_t longest = 1 + random() % 40;
  event_batches batches;
  while (!events.empty()) {
    const std::size_t size = std::min<std::size_t>(events.size(), random() % (longest + 1));
    batches.emplace_back(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(size));
    events = events.subspan(size);
  }
  return batches;
}

/// Throws at one call, chosen beforehand.
struct fuse {
  struct blown : std::runtime_error {
    blown() : std::runtime_error("fuse") {}
  };

  std::int64_t calls_left = -1;

  bool burns() { return calls_left >= 0 && calls_left-- == 0; }
};

/// Keeps all values in the order in which they are merged. What throws leaves rubbish behind.
struct collect {
  using result = std::vector<int>;

  result create(int value) const {
    if (watched->burns())
      throw fuse::blown();
    return {value};
  }
  void merge_value(result& into, int value) const {
    into.push_back(value);
    if (watched->burns()) {
      into.assign(3, -99);
      throw fuse::blown();
    }
  }
  void merge_combiners(result& into, const result& other) const {
    into.insert(into.end(), other.begin(), other.end());
    if (watched->burns()) {
      into.clear();
      throw fuse::blown();
    }
  }

  fuse* watched;
};

/// One result of a window.
struct emission {
  event_window window;
  int key;
  std::vector<int> values;

  friend bool operator==(const emission&, const emission&) = default;
  friend auto operator<=>(const emission& a, const emission& b) {
    return std::tie(a.window, a.key, a.values) <=> std::tie(b.window, b.key, b.values);
  }
  friend std::ostream& operator<<(std::ostream& out, const emission& e) {
    out << e.window << " key " << e.key << ':';
    for (const int value : e.values)
      out << ' ' << value;
    return out;
  }
};

/// What a batch gives: results in order, and the numbers of late records.
struct batch_result {
  std::vector<emission> emitted;
  std::vector<int> late;
};

/// The watermark after each batch; the last batch is an empty one that fires all that is left.
inline std::vector<event_time> watermarks_of(const event_batches& batches, std::int64_t bound) {
  std::vector<event_time> all;
  event_time watermark = earliest_event_time;
  for (const auto& batch : batches) {
    for (const event& each : batch)
      watermark = watermark.max(at(each.time - bound));
    all.push_back(watermark);
  }
  return all;
}

/// Everything that `for_each` tells, to compare before and after.
template <class Windows>
auto dump(const Windows& windows) {
  std::vector<std::tuple<int, std::vector<std::int64_t>, collect::result>> all;
  bool hashes_right = true;
  windows.for_each([&](int key, std::uint64_t hash, const auto&... rest) {
    hashes_right &= hash == key_hash<int>{}(key, seed_of_hashes);
    auto& [of, times, values] = all.emplace_back();
    of = key;
    const auto keep = [&times = times, &values = values](const auto& part) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(part)>, event_time>)
        times.push_back(part.ms());
      else
        values = part;
    };
    (keep(rest), ...);
  });
  CHECK(hashes_right);
  return all;
}

template <class Windows>
batch_result run_batch(Windows& windows, const std::vector<event>& batch, event_time watermark,
                       fuse& watched) {
  batch_result result;
  windows.begin(watermark);
  for (const event& each : batch)
    if (windows.add(each.key, key_hash<int>{}(each.key, seed_of_hashes), at(each.time),
                    each.number) == arrival::late)
      result.late.push_back(each.number);
  windows.fire([&](int key, event_window window, const collect::result& values) {
    if (watched.burns())
      throw fuse::blown();
    result.emitted.push_back({window, key, values});
  });
  return result;
}

/// Runs a batch; with `random`, fails it at some calls first and looks whether rollback is exact.
template <class Windows>
batch_result run_and_commit(Windows& windows, const std::vector<event>& batch, event_time watermark,
                            fuse& watched, std::mt19937_64* random) {
  if (random) {
    const auto before = dump(windows);
    const std::size_t size = windows.size();
    for (int attempt = 0; attempt < 3; ++attempt) {
      watched.calls_left = static_cast<std::int64_t>((*random)() % (2 * batch.size() + 8));
      try {
        (void)run_batch(windows, batch, watermark, watched);
      } catch (const fuse::blown&) {
      }
      watched.calls_left = -1;
      windows.rollback();
      REQUIRE(dump(windows) == before);
      REQUIRE(windows.size() == size);
    }
  }
  batch_result result = run_batch(windows, batch, watermark, watched);
  windows.commit();
  REQUIRE(windows.watermark() == watermark.min(at(latest_event_time.ms() - 1)));
  return result;
}

template <class Windows>
std::vector<batch_result> run_all(Windows& windows, const event_batches& batches,
                                  const std::vector<event_time>& watermarks, fuse& watched,
                                  std::mt19937_64* random = nullptr) {
  std::vector<batch_result> results;
  for (std::size_t i = 0; i < batches.size(); ++i)
    results.push_back(run_and_commit(windows, batches[i], watermarks[i], watched, random));
  return results;
}

inline std::vector<emission> all_emitted(const std::vector<batch_result>& results) {
  std::vector<emission> all;
  for (const auto& each : results)
    all.insert(all.end(), each.emitted.begin(), each.emitted.end());
  return all;
}

inline std::vector<emission> sorted(std::vector<emission> all) {
  std::sort(all.begin(), all.end());
  return all;
}

} // namespace millrace::test
