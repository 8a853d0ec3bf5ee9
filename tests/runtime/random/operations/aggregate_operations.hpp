#pragma once

#include "runtime/random/operation.hpp"

#include <set>

namespace millrace::test {

namespace reference {
/// The k records with the greatest `by`, greatest first; of equal ones the lesser record first.
template <class T, class By>
std::vector<T> top(std::vector<T> in, std::size_t k, By by) {
  std::ranges::sort(in, [&](auto& a, auto& b) { return by(a) != by(b) ? by(a) > by(b) : a < b; });
  in.resize(std::min(k, in.size()));
  return in;
}

template <class T>
number distinct(const std::vector<T>& in) {
  return static_cast<number>(std::set<T>{in.begin(), in.end()}.size());
}
} // namespace reference

/// More different records than any window has: heavy hitters are exact then.
inline constexpr std::size_t enough_counters = 10 * most_records;

inline void add_top_k(operation_list& to) {
  auto by = [](const parameters& p) {
    return [p](number x) {
      p.trip();
      return x % 10;
    };
  };
  auto plain_by = [](number x) { return x % 10; };
  to.push_back(per_batch<of_numbers, of_numbers>(
      "top_k", order::makes,
      [by](auto s, const parameters& p) { return s.top_k(static_cast<std::size_t>(p.a), by(p)); },
      [plain_by](auto& d, auto& p) {
        return reference::top(d, static_cast<std::size_t>(p.a), plain_by);
      }));
  to.push_back(per_window<of_numbers, of_numbers>(
      "top_k_by_window", order::makes,
      [by](auto s, const parameters& p) {
        return s.top_k_by_window(static_cast<std::size_t>(p.a), by(p), p.window_length(),
                                 p.window_slide());
      },
      [plain_by](auto& d, auto& p) {
        return reference::top(d, static_cast<std::size_t>(p.a), plain_by);
      }));
  to.push_back(per_window<of_views, of_texts>(
      "top_k_by_window", order::makes,
      [](auto s, const parameters& p) {
        auto size = [p](const auto& x) {
          p.trip();
          return x.size();
        };
        return s.top_k_by_window(static_cast<std::size_t>(p.a), size, p.window_length(),
                                 p.window_slide());
      },
      [](auto& d, auto& p) {
        return reference::top(d, static_cast<std::size_t>(p.a), [](auto& x) { return x.size(); });
      }));
}

/// The exact number where the estimate is near it, else -1.
inline number if_near(number estimate, number exact) {
  auto off = std::abs(estimate - exact);
  return off <= 2 || off * 100 <= exact * 6 ? exact : -1;
}

inline void add_sketches(operation_list& to) {
  to.push_back(per_window<of_numbers, of_numbers>(
      "approx_count_distinct_by_window", order::makes,
      [](auto s, const parameters& p) {
        auto exact =
            s.window(p.window_length(), p.window_slide()).transform([](const batch<number>& b) {
              return batch<number>{static_cast<number>(b.distinct().size())};
            });
        return s.approx_count_distinct_by_window(p.window_length(), p.window_slide())
            .transform_with(exact, [p](const batch<number>& a, const batch<number>& b) {
              p.trip();
              return batch<number>{if_near(a.collect().at(0), b.collect().at(0))};
            });
      },
      [](auto& d, auto&) { return numbers{reference::distinct(d)}; }));
  to.push_back(per_window<of_numbers, of_numbers>(
      "approx_quantiles_by_window: the least and the greatest", order::makes,
      [](auto s, const parameters& p) {
        return s.approx_quantiles_by_window({0, 1}, p.window_length(), p.window_slide())
            .flat_map([](const std::vector<double>& all) {
              return each(all, [](double x) { return static_cast<number>(x); });
            });
      },
      [](auto& d, auto&) {
        if (d.empty())
          return numbers{};
        auto [least, greatest] = std::ranges::minmax(d);
        return numbers{least, greatest};
      }));
  to.push_back(per_batch<of_views, of_text_pairs>(
      "heavy_hitters", order::loses,
      [](auto s, const parameters&) { return s.heavy_hitters(enough_counters, enough_counters); },
      [](auto& d, auto&) { return pairs_of(counts_of(d)); }));
  to.push_back(per_window<of_numbers, of_pairs>(
      "heavy_hitters_by_window", order::loses,
      [](auto s, const parameters& p) {
        return s.heavy_hitters_by_window(enough_counters, p.window_length(), p.window_slide(),
                                         enough_counters);
      },
      [](auto& d, auto&) { return pairs_of(counts_of(d)); }));
}

inline void add_aggregate_operations(operation_list& to) {
  add_top_k(to);
  add_sketches(to);
}

} // namespace millrace::test
