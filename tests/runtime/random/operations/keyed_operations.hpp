#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test {

/// The narrow operations that leave keys where they are.
template <record_kind K>
void add_value_operations(operation_list& to) {
  auto add = [&](std::string name, build_of<K, K> build, batch_model_of<K, K> evaluate) {
    to.push_back(
        per_batch<K, K>(std::move(name), order::keeps, std::move(build), std::move(evaluate)));
  };
  add(
      "map_values",
      [](auto s, const parameters& p) {
        return s.map_values([p](number v) {
          p.trip();
          return bounded(v * 2 + p.a);
        });
      },
      [](auto d, auto& p) {
        for (auto& [k, v] : d)
          v = bounded(v * 2 + p.a);
        return d;
      });
  add(
      "flat_map_values",
      [](auto s, const parameters& p) {
        return s.flat_map_values([p](number v) { return numbers(v % 3 == 0 ? 2 : 1, v + p.a); });
      },
      [](auto& d, auto& p) {
        data_of<K> out;
        for (auto& [k, v] : d)
          append(out, data_of<K>(v % 3 == 0 ? 2 : 1, {k, v + p.a}));
        return out;
      });
  add(
      "filter values",
      [](auto s, const parameters& p) {
        return s.filter([p](const record_of<K>& r) { return r.second % (p.a + 2) != 1; });
      },
      [](auto& d, auto& p) { return only(d, [&](auto& r) { return r.second % (p.a + 2) != 1; }); });
}

template <record_kind K>
void add_combinations(operation_list& to) {
  using key = typename record_of<K>::first_type;
  auto add = [&](std::string name, build_of<K, K> build, batch_model_of<K, K> evaluate) {
    to.push_back(
        per_batch<K, K>(std::move(name), order::loses, std::move(build), std::move(evaluate)));
  };
  add(
      "partition_by",
      [](auto s, const parameters& p) {
        return p.by_route ? s.partition_by(p.route) : s.partition_by(p.partitions);
      },
      [](auto& d, auto&) { return d; });
  add(
      "partition_by a function that fails",
      [](auto s, const parameters& p) {
        return s.partition_by(partition_with(2, [p](const key& k) {
          p.trip();
          return p.route.f(k) % 2;
        }));
      },
      [](auto& d, auto&) { return d; });
  add(
      "reduce_by_key",
      [](auto s, const parameters& p) {
        auto plus = [p](number a, number b) {
          p.trip();
          return a + b;
        };
        return (p.by_route ? s.reduce_by_key(plus, p.route) : s.reduce_by_key(plus, p.partitions))
            .map_values(bounded);
      },
      [](auto& d, auto&) { return fold_groups(d, bounded_total); });
  add(
      "combine_by_key",
      [](auto s, const parameters& p) {
        using counted = std::pair<number, number>;
        auto create = [](number v) { return counted{1, v}; };
        auto merge_value = [p](counted c, number v) {
          p.trip();
          return counted{c.first + 1, c.second + v};
        };
        auto merge = [](counted c, counted d) {
          return counted{c.first + d.first, c.second + d.second};
        };
        return s.combine_by_key(create, merge_value, merge, p.partitions, p.a % 2 == 0)
            .map_values([](counted c) { return one_number(c.first, c.second); });
      },
      [](auto& d, auto&) {
        return fold_groups(d, [](auto& values) {
          return one_number(static_cast<number>(values.size()), total(values));
        });
      });
  add(
      "group_by_key",
      [](auto s, const parameters& p) { return s.group_by_key(p.partitions).map_values(digest); },
      [](auto& d, auto&) { return fold_groups(d, digest); });
}

} // namespace millrace::test
