#pragma once

#include "runtime/random/operation.hpp"

#include <cmath>
#include <set>

namespace millrace::test {

namespace reference {
template <class T>
number distinct(const std::vector<T>& in) {
  return static_cast<number>(std::set<T>{in.begin(), in.end()}.size());
}
} // namespace reference

/// More different records than any window has: heavy hitters are exact then.
inline constexpr std::size_t enough_counters = 10 * most_records;

/// The exact number where the estimate is near it, else -1.
inline number if_near(number estimate, number exact) {
  auto off = std::abs(estimate - exact);
  return off <= 2 || off * 100 <= exact * 6 ? exact : -1;
}

inline void add_window_sketches(operation_list& to) {
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

/// 1 where the estimated median lies among the records whose rank is within 5 % of the middle, or
/// is next to those; else -1.
inline number if_median(const std::vector<double>& estimate, numbers exact) {
  std::ranges::sort(exact);
  auto n = exact.size();
  auto low = n * 45 / 100;
  auto high = n * 55 / 100 + 1;
  auto least = static_cast<double>(exact[low > 0 ? low - 1 : 0]);
  auto most = static_cast<double>(exact[std::min(high, n - 1)]);
  return estimate.size() == 1 && least <= estimate[0] && estimate[0] <= most ? 1 : -1;
}

inline void add_batch_sketches(operation_list& to) {
  auto add = [&](random_operation op) {
    op.needs_parents = true;
    to.push_back(std::move(op));
  };
  auto count = [](auto s, const parameters& p) {
    using record = owned_t<typename decltype(s)::value_type>;
    auto exact = s.transform([](const batch<record>& b) {
      return batch<number>{static_cast<number>(b.distinct().size())};
    });
    return s.approx_count_distinct().transform_with(
        exact, [p](const batch<number>& a, const batch<number>& b) {
          p.trip();
          return batch<number>{if_near(a.collect().at(0), b.collect().at(0))};
        });
  };
  auto distinct = [](auto& d, auto&) { return numbers{reference::distinct(d)}; };
  add(per_batch<of_numbers, of_numbers>("approx_count_distinct", order::makes, count, distinct));
  add(per_batch<of_views, of_numbers>("approx_count_distinct", order::makes, count, distinct));
  add(per_batch<of_numbers, of_numbers>(
      "approx_quantiles: the median", order::makes,
      [](auto s, const parameters& p) {
        auto records = s.transform([](const batch<number>& b) { return b; });
        return s.approx_quantiles({0.5}).transform_with(
            records, [p](const batch<std::vector<double>>& a, const batch<number>& b) {
              p.trip();
              return b.empty() ? batch<number>{}
                               : batch<number>{if_median(a.collect().at(0), b.collect())};
            });
      },
      [](auto& d, auto&) { return d.empty() ? numbers{} : numbers{1}; }));
  to.push_back(per_batch<of_numbers, of_numbers>(
      "approx_quantiles: the least and the greatest", order::makes,
      [](auto s, const parameters&) {
        return s.approx_quantiles({0, 1}).flat_map([](const std::vector<double>& all) {
          return each(all, [](double x) { return static_cast<number>(x); });
        });
      },
      [](auto& d, auto&) {
        if (d.empty())
          return numbers{};
        auto [least, greatest] = std::ranges::minmax(d);
        return numbers{least, greatest};
      }));
}

} // namespace millrace::test
