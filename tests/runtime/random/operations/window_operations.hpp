#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test {

template <record_kind K>
void add_window(operation_list& to) {
  to.push_back(per_window<K, K>(
      "window", order::windows,
      [](auto s, const parameters& p) { return s.window(p.window_length(), p.window_slide()); },
      [](auto& d, auto&) { return d; }));
}

/// The number of records, and how often each comes.
template <record_kind K, record_kind Counts>
void add_window_counts(operation_list& to) {
  to.push_back(per_window<K, of_numbers>(
      "count_by_window", order::makes,
      [](auto s, const parameters& p) {
        return s.count_by_window(p.window_length(), p.window_slide());
      },
      [](auto& d, auto&) { return numbers{static_cast<number>(d.size())}; }));
  to.push_back(per_window<K, Counts>(
      "count_by_value_and_window", order::loses,
      [](auto s, const parameters& p) {
        return s.count_by_value_and_window(p.window_length(), p.window_slide(), p.partitions);
      },
      [](auto& d, auto&) { return pairs_of(counts_of(d)); }));
}

inline void add_window_folds(operation_list& to) {
  auto add = [&](std::string name, build_of<of_numbers, of_numbers> build,
                 batch_model_of<of_numbers, of_numbers> evaluate) {
    to.push_back(per_window<of_numbers, of_numbers>(std::move(name), order::makes, std::move(build),
                                                    std::move(evaluate)));
  };
  auto sum = [](auto& d, auto&) { return d.empty() ? numbers{} : numbers{bounded(total(d))}; };
  auto plus = [](const parameters& p) {
    return [p](number a, number b) {
      p.trip();
      return a + b;
    };
  };
  add(
      "reduce_by_window",
      [plus](auto s, const parameters& p) {
        return s.reduce_by_window(plus(p), p.window_length(), p.window_slide()).map(bounded);
      },
      sum);
  add(
      "reduce_by_window with inverse",
      [plus](auto s, const parameters& p) {
        auto minus = [p](number a, number b) {
          p.trip();
          return a - b;
        };
        return s.reduce_by_window(plus(p), minus, p.window_length(), p.window_slide()).map(bounded);
      },
      sum);
  to.push_back(per_window<of_views, of_texts>(
      "reduce_by_window", order::makes,
      [](auto s, const parameters& p) {
        auto max = [p](const std::string& a, const std::string& b) {
          p.trip();
          return std::max(a, b);
        };
        return s.reduce_by_window(max, p.window_length(), p.window_slide());
      },
      [](auto& d, auto&) { return largest(d); }));
}

/// A function that is not commutative, over one record for each batch: order counts.
inline void add_ordered_window_fold(operation_list& to) {
  auto evaluate = [](const batches_of<numbers>& in, const parameters& p) {
    batches_of<numbers> out(in.size());
    for (std::size_t b = 0; b < in.size(); ++b) {
      if (!p.due(b))
        continue;
      numbers functions;
      for (std::size_t i = b + 1 > p.length ? b + 1 - p.length : 0; i <= b; ++i)
        if (in[i] && !in[i]->empty())
          functions.push_back(affine::of(bounded(total(*in[i]))));
      out[b] = functions.empty() ? numbers{} : numbers{affine::all(functions)};
    }
    return out;
  };
  auto op = over_history<of_numbers, of_numbers>(
      "reduce_by_window in order", order::makes,
      [](auto s, const parameters& p) {
        auto compose = [p](number a, number b) {
          p.trip();
          return affine::compose(a, b);
        };
        return s.reduce(std::plus<number>{})
            .map([](number x) { return affine::of(bounded(x)); })
            .reduce_by_window(compose, p.window_length(), p.window_slide());
      },
      evaluate);
  op.windowed = true;
  to.push_back(std::move(op));
}

} // namespace millrace::test
