#pragma once

#include "runtime/random/operation.hpp"

#include <map>
#include <span>

namespace millrace::test {

namespace reference {
/// The k records with the greatest `by`, greatest first; of equal ones the lesser record first.
template <class T, class By>
std::vector<T> top(std::vector<T> in, std::size_t k, By by) {
  std::ranges::sort(in, [&](auto& a, auto& b) { return by(a) != by(b) ? by(a) > by(b) : a < b; });
  in.resize(std::min(k, in.size()));
  return in;
}
} // namespace reference

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

/// Count, sum and greatest of numbers from 0 on. Calls `trip` for each.
struct number_summary {
  fault trip;
  number count = 0;
  number sum = 0;
  number greatest = 0;

  void add(number x) {
    trip();
    merge({{}, 1, x, x});
  }
  void merge(const number_summary& other) {
    count += other.count;
    sum += other.sum;
    greatest = std::max(greatest, other.greatest);
  }
};

inline number one_number(const number_summary& s) {
  return one_number(s.count, one_number(bounded(s.sum), bounded(s.greatest)));
}

/// How many texts begin with each letter, and the bytes of all; takes whole chunks.
struct text_summary {
  std::map<char, number> letters;
  number bytes = 0;

  void add(std::span<const std::string_view> records) {
    for (auto& x : records) {
      ++letters[x.empty() ? '-' : x[0]];
      bytes += static_cast<number>(x.size());
    }
  }
  void merge(const text_summary& other) {
    for (auto& [letter, n] : other.letters)
      letters[letter] += n;
    bytes += other.bytes;
  }
  [[nodiscard]] std::string text() const {
    std::string out = std::to_string(bytes);
    for (auto& [letter, n] : letters)
      out += std::string{" "} + letter + std::to_string(n);
    return out;
  }
};

namespace reference {
inline numbers summary(const numbers& in) {
  auto greatest = in.empty() ? 0 : largest(in)[0];
  return {one_number(static_cast<number>(in.size()),
                     one_number(bounded(total(in)), bounded(greatest)))};
}

inline texts summary(const texts& in) {
  number bytes = 0;
  for (auto& x : in)
    bytes += static_cast<number>(x.size());
  std::string out = std::to_string(bytes);
  auto letters = each(in, [](auto& x) { return x.empty() ? '-' : x[0]; });
  for (auto& [letter, n] : counts_of(letters))
    out += std::string{" "} + letter + std::to_string(n);
  return {out};
}
} // namespace reference

/// Summaries of the test's own.
inline void add_aggregates(operation_list& to) {
  auto empty_numbers = [](const parameters& p) { return [p] { return number_summary{p.trip}; }; };
  auto empty_texts = [] { return text_summary{}; };
  auto model = [](auto& d, auto&) { return reference::summary(d); };
  auto as_number = [](const number_summary& s) { return one_number(s); };
  auto as_text = [](const text_summary& s) { return s.text(); };
  to.push_back(per_batch<of_numbers, of_numbers>(
      "aggregate", order::makes,
      [=](auto s, const parameters& p) { return s.aggregate(empty_numbers(p)).map(as_number); },
      model));
  to.push_back(per_batch<of_views, of_texts>(
      "aggregate", order::makes,
      [=](auto s, const parameters&) { return s.aggregate(empty_texts).map(as_text); }, model));
  to.push_back(per_window<of_numbers, of_numbers>(
      "aggregate_by_window", order::makes,
      [=](auto s, const parameters& p) {
        return s.aggregate_by_window(empty_numbers(p), p.window_length(), p.window_slide())
            .map(as_number);
      },
      model));
  to.push_back(per_window<of_views, of_texts>(
      "aggregate_by_window", order::makes,
      [=](auto s, const parameters& p) {
        return s.aggregate_by_window(empty_texts, p.window_length(), p.window_slide()).map(as_text);
      },
      model));
}

} // namespace millrace::test
