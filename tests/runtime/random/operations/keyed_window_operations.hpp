#pragma once

#include "runtime/random/operation.hpp"

#include <set>

namespace millrace::test {

namespace reference {

/// For each key of the window what `values` holds of each batch of it, oldest first.
template <class Pairs>
auto batches_by_key(const batches_of<Pairs>& in, const parameters& p, std::size_t b) {
  std::map<typename Pairs::value_type::first_type, std::vector<numbers>> out;
  for (std::size_t i = b + 1 > p.length ? b + 1 - p.length : 0; i <= b; ++i)
    if (in[i])
      for (auto& [k, values] : groups_of(*in[i]))
        out[k].push_back(values);
  return out;
}

/// `f(values of each batch, p)` of every key, batch by batch.
template <class Pairs, class F>
batches_of<Pairs> fold_windows(const batches_of<Pairs>& in, const parameters& p, F f) {
  batches_of<Pairs> out(in.size());
  for (std::size_t b = 0; b < in.size(); ++b) {
    if (!p.due(b))
      continue;
    out[b].emplace();
    for (auto& [k, batches] : batches_by_key(in, p, b))
      out[b]->emplace_back(k, f(batches));
  }
  return out;
}

inline number sum_of_batches(const std::vector<numbers>& batches) {
  number sum = 0;
  for (auto& values : batches)
    sum += total(values);
  return sum;
}

/// Without a filter an inverse window never forgets a key.
template <class Pairs>
batches_of<Pairs> sums_of_all_keys(const batches_of<Pairs>& in, const parameters& p) {
  auto out = fold_windows(in, p, sum_of_batches);
  std::set<typename Pairs::value_type::first_type> seen;
  for (std::size_t b = 0; b < in.size(); ++b) {
    if (in[b])
      for (auto& [k, v] : *in[b])
        seen.insert(k);
    if (!out[b])
      continue;
    auto missing = seen;
    for (auto& [k, v] : *out[b])
      missing.erase(k);
    for (auto& k : missing)
      out[b]->emplace_back(k, 0);
  }
  return out;
}

} // namespace reference

/// All keyed window operations are this one with another `build` and `evaluate`. Values are
/// bounded at the end.
template <record_kind K>
void add_keyed_window(operation_list& to, std::string name, build_of<K, owned_kind<K>> build,
                      model_of<K, owned_kind<K>> evaluate) {
  constexpr auto out = owned_kind<K>;
  auto op = over_history<K, out>(
      std::move(name), order::loses,
      [build = std::move(build)](auto s, const parameters& p) {
        return build(s, p).map_values(bounded);
      },
      [evaluate = std::move(evaluate)](const batches_of<data_of<K>>& in, const parameters& p) {
        auto result = evaluate(in, p);
        for (auto& b : result)
          if (b)
            for (auto& [k, v] : *b)
              v = bounded(v);
        return result;
      });
  op.windowed = true;
  to.push_back(std::move(op));
}

template <record_kind K>
void add_plain_keyed_windows(operation_list& to) {
  auto plus = [](const parameters& p) {
    return [p](number a, number b) {
      p.trip();
      return a + b;
    };
  };
  add_keyed_window<K>(
      to, "reduce_by_key_and_window",
      [plus](auto s, const parameters& p) {
        return with_partitions(p, [&](auto how) {
          return s.reduce_by_key_and_window(plus(p), p.window_length(), p.window_slide(), how);
        });
      },
      [](auto& in, auto& p) { return reference::fold_windows(in, p, reference::sum_of_batches); });
  // One value for each key and batch, so that the order of batches is all that counts.
  add_keyed_window<K>(
      to, "reduce_by_key_and_window in order",
      [](auto s, const parameters& p) {
        auto compose = [p](number a, number b) {
          p.trip();
          return affine::compose(a, b);
        };
        return s.reduce_by_key(std::plus<number>{}, p.partitions)
            .map_values([](number x) { return affine::of(bounded(x)); })
            .reduce_by_key_and_window(compose, p.window_length(), p.window_slide(), p.partitions);
      },
      [](auto& in, auto& p) {
        return reference::fold_windows(in, p, [](auto& batches) {
          return affine::all(
              each(batches, [](auto& values) { return affine::of(bounded_total(values)); }));
        });
      });
  add_keyed_window<K>(
      to, "group_by_key_and_window",
      [](auto s, const parameters& p) {
        return with_partitions(p, [&](auto how) {
          return s.group_by_key_and_window(p.window_length(), p.window_slide(), how)
              .map_values([p](numbers values) {
                p.trip();
                return digest(std::move(values));
              })
              .map([](auto r) { return to_owned(r); });
        });
      },
      [](auto& in, auto& p) {
        return reference::fold_windows(in, p, [](auto& batches) {
          numbers all;
          for (auto& values : batches)
            append(all, values);
          return digest(all);
        });
      });
}

template <record_kind K>
void add_inverse_keyed_windows(operation_list& to) {
  auto plus = [](const parameters& p) {
    return [p](number a, number b) {
      p.trip();
      return a + b;
    };
  };
  auto minus = [](const parameters& p) {
    return [p](number a, number b) {
      p.trip();
      return a - b;
    };
  };
  add_keyed_window<K>(
      to, "reduce_by_key_and_window with inverse",
      [=](auto s, const parameters& p) {
        return s.reduce_by_key_and_window(plus(p), minus(p), p.window_length(), p.window_slide(),
                                          p.partitions);
      },
      [](auto& in, auto& p) { return reference::sums_of_all_keys(in, p); });
  add_keyed_window<K>(
      to, "reduce_by_key_and_window with inverse and filter",
      [=](auto s, const parameters& p) {
        auto keep = [p](const auto&, number sum) {
          p.trip();
          return sum % (p.a + 1) != 0;
        };
        return with_partitions(p, [&](auto how) {
          return s.reduce_by_key_and_window(plus(p), minus(p), p.window_length(), p.window_slide(),
                                            how, keep);
        });
      },
      [](auto& in, auto& p) {
        auto out = reference::fold_windows(in, p, reference::sum_of_batches);
        for (auto& b : out)
          if (b)
            b = only(*b, [&](auto& r) { return r.second % (p.a + 1) != 0; });
        return out;
      });
}

template <record_kind K>
void add_inverse_window_without_zeros(operation_list& to) {
  add_keyed_window<K>(
      to, "reduce_by_key_and_window with inverse, without zeros",
      [=](auto s, const parameters& p) {
        auto few = s.map_values([](number x) { return x % 2; });
        return few.reduce_by_key_and_window(std::plus<number>{}, std::minus<number>{},
                                            p.window_length(), p.window_slide(), p.partitions,
                                            keep_unless_zero{});
      },
      [](auto in, auto& p) {
        for (auto& b : in)
          if (b)
            for (auto& r : *b)
              r.second = r.second % 2;
        auto out = reference::fold_windows(in, p, reference::sum_of_batches);
        for (auto& b : out)
          if (b)
            b = only(*b, [](auto& r) { return r.second != 0; });
        return out;
      });
}

} // namespace millrace::test
