#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test {

inline void add_number_maps(operation_list& to) {
  auto add = [&](std::string name, build_of<of_numbers, of_numbers> build,
                 batch_model_of<of_numbers, of_numbers> evaluate) {
    to.push_back(counting(per_batch<of_numbers, of_numbers>(
        std::move(name), order::keeps, std::move(build), std::move(evaluate))));
  };
  add(
      "map",
      [](auto s, const parameters& p) {
        return s.map([p](number x) {
          p.seen += 1;
          p.trip();
          return bounded(x * 3 + p.a);
        });
      },
      [](auto& d, auto& p) { return each(d, [&](number x) { return bounded(x * 3 + p.a); }); });
  add(
      "filter",
      [](auto s, const parameters& p) {
        return s.filter([p](number x) {
          p.trip();
          p.seen += 1;
          return x % (p.a + 1) != 0;
        });
      },
      [](auto& d, auto& p) { return only(d, [&](number x) { return x % (p.a + 1) != 0; }); });
  add(
      "flat_map",
      [](auto s, const parameters& p) {
        return s.flat_map([p](number x) {
          p.seen += 1;
          return numbers(static_cast<std::size_t>(x % 3), x + p.a);
        });
      },
      [](auto& d, auto& p) {
        numbers out;
        for (auto x : d)
          append(out, numbers(static_cast<std::size_t>(x % 3), x + p.a));
        return out;
      });
  add(
      "flat_map emit",
      [](auto s, const parameters& p) {
        return s.template flat_map<number>([p](number x, emitter<number>& emit) {
          emit(x);
          p.seen += 1;
          p.trip();
          if (x % p.a == 0)
            emit(p.a);
        });
      },
      [](auto& d, auto& p) {
        numbers out;
        for (auto x : d) {
          append(out, {x});
          if (x % p.a == 0)
            append(out, {p.a});
        }
        return out;
      });
}

inline void add_number_partitions(operation_list& to) {
  auto add = [&](std::string name, order records, build_of<of_numbers, of_numbers> build,
                 batch_model_of<of_numbers, of_numbers> evaluate) {
    to.push_back(per_batch<of_numbers, of_numbers>(std::move(name), records, std::move(build),
                                                   std::move(evaluate)));
  };
  add(
      "glom", order::keeps,
      [](auto s, const parameters&) {
        return s.glom().flat_map([](numbers part) { return part; });
      },
      [](auto& d, auto&) { return d; });
  add(
      "map_partitions", order::keeps,
      [](auto s, const parameters& p) {
        return s.map_partitions([p](numbers& part) {
          p.trip();
          return each(part, [&](number x) { return x + p.a; });
        });
      },
      [](auto& d, auto& p) { return each(d, [&](number x) { return x + p.a; }); });
  add(
      "repartition", order::loses,
      [](auto s, const parameters& p) { return s.repartition(p.partitions + 1); },
      [](auto& d, auto&) { return d; });
  add(
      "reduce", order::makes,
      [](auto s, const parameters& p) {
        return s
            .reduce([p](number a, number b) {
              p.trip();
              return a + b;
            })
            .map(bounded);
      },
      [](auto& d, auto&) { return d.empty() ? numbers{} : numbers{bounded(total(d))}; });
  add(
      "count", order::makes, [](auto s, const parameters&) { return s.count(); },
      [](auto& d, auto&) { return numbers{static_cast<number>(d.size())}; });
}

inline void add_numbers_to_pairs(operation_list& to) {
  to.push_back(per_batch<of_numbers, of_pairs>(
      "count_by_value", order::loses,
      [](auto s, const parameters& p) { return s.count_by_value(p.partitions); },
      [](auto& d, auto&) { return pairs_of(counts_of(d)); }));
  to.push_back(counting(per_batch<of_numbers, of_pairs>(
      "key by remainder", order::keeps,
      [](auto s, const parameters& p) {
        return s.map([p](number x) {
          p.seen += 1;
          p.trip();
          return number_pair{x % (p.a * 7), x};
        });
      },
      [](auto& d, auto& p) {
        return each(d, [&](number x) { return number_pair{x % (p.a * 7), x}; });
      })));
  to.push_back(per_batch<of_pairs, of_numbers>(
      "weigh", order::keeps,
      [](auto s, const parameters&) {
        return s.map([](number_pair r) { return one_number(r.first, r.second); });
      },
      [](auto& d, auto&) {
        return each(d, [](auto& r) { return one_number(r.first, r.second); });
      }));
}

} // namespace millrace::test
