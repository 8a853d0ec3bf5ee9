#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test {

inline void add_view_operations(operation_list& to) {
  using view = std::string_view;
  auto add = [&](std::string name, order records, build_of<of_views, of_views> build,
                 batch_model_of<of_views, of_views> evaluate) {
    to.push_back(per_batch<of_views, of_views>(std::move(name), records, std::move(build),
                                               std::move(evaluate)));
  };
  add(
      "words", order::keeps, [](auto s, const parameters&) { return s.flat_map(words()); },
      [](auto& d, auto&) { return words_plainly(d); });
  add(
      "split", order::keeps, [](auto s, const parameters&) { return s.flat_map(split(' ')); },
      [](auto& d, auto&) { return split_plainly(d, ' '); });
  add(
      "lines", order::keeps, [](auto s, const parameters&) { return s.flat_map(lines()); },
      [](auto& d, auto&) { return lines_plainly(d); });
  add(
      "prefix", order::keeps,
      [](auto s, const parameters& p) {
        return s.map([p](view x) {
          p.trip();
          return x.substr(0, static_cast<std::size_t>(p.a) * 3);
        });
      },
      [](auto& d, auto& p) {
        return each(d, [&](auto& x) { return x.substr(0, static_cast<std::size_t>(p.a) * 3); });
      });
  add(
      "filter", order::keeps,
      [](auto s, const parameters& p) {
        return s.filter([p](view x) { return x.size() % 10 != static_cast<std::size_t>(p.a); });
      },
      [](auto& d, auto& p) {
        return only(d, [&](auto& x) { return x.size() % 10 != static_cast<std::size_t>(p.a); });
      });
  add(
      "repartition", order::loses,
      [](auto s, const parameters& p) { return s.repartition(p.partitions + 1); },
      [](auto& d, auto&) { return d; });
  add(
      "reduce", order::makes,
      [](auto s, const parameters& p) {
        return s.reduce([p](view a, view b) {
          p.trip();
          return std::max(a, b);
        });
      },
      [](auto& d, auto&) { return largest(d); });
}

inline void add_views_to_others(operation_list& to) {
  using view = std::string_view;
  to.push_back(per_batch<of_views, of_numbers>(
      "sizes", order::keeps,
      [](auto s, const parameters&) {
        return s.map([](view x) { return static_cast<number>(x.size()); });
      },
      [](auto& d, auto&) {
        return each(d, [](auto& x) { return static_cast<number>(x.size()); });
      }));
  to.push_back(counting(per_batch<of_views, of_view_pairs>(
      "key by prefix", order::keeps,
      [](auto s, const parameters& p) {
        return s.map([p](view x) {
          p.seen += 1;
          p.trip();
          return view_pair{x.substr(0, static_cast<std::size_t>(p.a)),
                           static_cast<number>(x.size())};
        });
      },
      [](auto& d, auto& p) {
        return each(d, [&](auto& x) {
          return text_pair{x.substr(0, static_cast<std::size_t>(p.a)),
                           static_cast<number>(x.size())};
        });
      })));
  to.push_back(per_batch<of_views, of_view_pairs>(
      "count_by_value", order::loses,
      [](auto s, const parameters& p) { return s.count_by_value(p.partitions); },
      [](auto& d, auto&) { return pairs_of(counts_of(d)); }));
  to.push_back(per_batch<of_view_pairs, of_views>(
      "keys", order::keeps,
      [](auto s, const parameters&) { return s.map([](view_pair r) { return r.first; }); },
      [](auto& d, auto&) { return each(d, [](auto& r) { return r.first; }); }));
}

inline void add_text_operations(operation_list& to) {
  to.push_back(per_batch<of_numbers, of_texts>(
      "to_string", order::keeps,
      [](auto s, const parameters& p) {
        return s.map([p](number x) {
          return std::to_string(x) + std::string(static_cast<std::size_t>(p.a) * 3, '_');
        });
      },
      [](auto& d, auto& p) {
        return each(d, [&](number x) {
          return std::to_string(x) + std::string(static_cast<std::size_t>(p.a) * 3, '_');
        });
      }));
  to.push_back(counting(per_batch<of_texts, of_texts>(
      "append", order::keeps,
      [](auto s, const parameters& p) {
        return s.map([p](std::string x) {
          p.trip();
          p.seen += 1;
          return std::move(x) + std::to_string(p.a);
        });
      },
      [](auto& d, auto& p) { return each(d, [&](auto& x) { return x + std::to_string(p.a); }); })));
  to.push_back(per_batch<of_texts, of_texts>(
      "reduce", order::makes,
      [](auto s, const parameters&) {
        return s.reduce([](const std::string& a, const std::string& b) -> const std::string& {
          return std::max(a, b);
        });
      },
      [](auto& d, auto&) { return largest(d); }));
  to.push_back(per_batch<of_texts, of_text_pairs>(
      "with sizes", order::keeps,
      [](auto s, const parameters&) {
        return s.map([](std::string x) {
          auto n = static_cast<number>(x.size());
          return text_pair{std::move(x), n};
        });
      },
      [](auto& d, auto&) {
        return each(d, [](auto& x) { return text_pair{x, static_cast<number>(x.size())}; });
      }));
  to.push_back(per_batch<of_text_pairs, of_texts>(
      "first letters", order::keeps,
      [](auto s, const parameters&) {
        return s.map([](const text_pair& r) { return r.first.substr(0, 2); });
      },
      [](auto& d, auto&) { return each(d, [](auto& r) { return r.first.substr(0, 2); }); }));
}

} // namespace millrace::test
