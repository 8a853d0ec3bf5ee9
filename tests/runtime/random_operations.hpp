#pragma once

#include "millrace/flow/dstream.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::test {

using number = std::int64_t;
using numbers = std::vector<number>;
using texts = std::vector<std::string>;

/// The record types of random graphs, as places in the two variants.
enum record_kind : std::size_t { of_numbers, of_views, of_texts };

/// A stream of a graph under construction.
using any_stream = std::variant<dstream<number>, dstream<std::string_view>, dstream<std::string>>;

/// One batch of such a stream, as the reference computes it.
using any_data = std::variant<numbers, texts, texts>;

/// An operation and what it means in plain code. `a` is a random parameter in [1, 9].
struct random_operation {
  std::string name;
  record_kind in;
  record_kind out;
  bool keeps_order;
  std::function<any_stream(const any_stream&, number a)> build;
  std::function<any_data(const any_data&, number a)> evaluate;
};

template <record_kind In, record_kind Out, class Build, class Evaluate>
random_operation operation(std::string name, bool keeps_order, Build build, Evaluate evaluate) {
  return {std::move(name),
          In,
          Out,
          keeps_order,
          [build](const any_stream& s, number a) {
            return any_stream{std::in_place_index<Out>, build(std::get<In>(s), a)};
          },
          [evaluate](const any_data& d, number a) {
            return any_data{std::in_place_index<Out>, evaluate(std::get<In>(d), a)};
          }};
}

/// value -> how often, in plain code.
template <class T>
std::map<T, number> counts_of(const std::vector<T>& in) {
  std::map<T, number> out;
  for (auto& x : in)
    ++out[x];
  return out;
}

/// key(x) -> the sum of the x, in plain code.
inline std::map<number, number> sums_of(const numbers& in, number keys) {
  std::map<number, number> out;
  for (auto x : in)
    out[x % keys] += x;
  return out;
}

/// Keeps numbers far from overflow, however many operations follow each other.
inline constexpr number bound = 1'000'000'007;

/// A pair as one number.
inline number one_number(number k, number v) { return (k % bound * 1009 + v) % bound; }

inline numbers weigh(const std::map<number, number>& in) {
  numbers out;
  for (auto& [k, v] : in)
    out.push_back(one_number(k, v));
  return out;
}

inline constexpr auto weigh_pair = [](const std::pair<number, number>& p) {
  return one_number(p.first, p.second);
};

template <class In, class F>
auto each(const In& in, F f) {
  std::vector<std::decay_t<decltype(f(in[0]))>> out;
  for (auto& x : in)
    out.push_back(f(x));
  return out;
}

template <class In, class F>
In only(const In& in, F f) {
  In out;
  std::ranges::copy_if(in, std::back_inserter(out), f);
  return out;
}

inline texts split_plainly(const texts& in, char separator) {
  texts out;
  for (auto& line : in) {
    texts fields(1);
    for (char c : line) {
      if (c == separator)
        fields.emplace_back();
      else
        fields.back() += c;
    }
    while (fields.size() > 1 && fields.back().empty())
      fields.pop_back();
    if (fields.size() == 1 && fields[0].empty() && !line.empty())
      fields.clear();
    out.insert(out.end(), fields.begin(), fields.end());
  }
  return out;
}

inline texts words_plainly(const texts& in) {
  return only(split_plainly(in, ' '), [](const std::string& w) { return !w.empty(); });
}

template <class T>
std::vector<T> largest(const std::vector<T>& in) {
  return in.empty() ? std::vector<T>{} : std::vector<T>{*std::ranges::max_element(in)};
}

inline void add_number_operations(std::vector<random_operation>& to) {
  constexpr auto n = of_numbers;
  auto add = [&](std::string name, bool keeps_order, auto build, auto evaluate) {
    to.push_back(operation<n, n>(std::move(name), keeps_order, build, evaluate));
  };
  add(
      "map", true,
      [](auto s, number a) { return s.map([a](number x) { return (x * 3 + a) % bound; }); },
      [](auto& d, number a) { return each(d, [a](number x) { return (x * 3 + a) % bound; }); });
  add(
      "filter", true,
      [](auto s, number a) { return s.filter([a](number x) { return x % (a + 1) != 0; }); },
      [](auto& d, number a) { return only(d, [a](number x) { return x % (a + 1) != 0; }); });
  add(
      "flat_map", true,
      [](auto s, number a) {
        return s.flat_map(
            [a](number x) { return numbers(static_cast<std::size_t>(x % 3), x + a); });
      },
      [](auto& d, number a) {
        numbers out;
        for (auto x : d)
          out.insert(out.end(), static_cast<std::size_t>(x % 3), x + a);
        return out;
      });
  add(
      "flat_map emit", true,
      [](auto s, number a) {
        return s.template flat_map<number>([a](number x, emitter<number>& emit) {
          emit(x);
          if (x % a == 0)
            emit(a);
        });
      },
      [](auto& d, number a) {
        numbers out;
        for (auto x : d) {
          out.push_back(x);
          if (x % a == 0)
            out.push_back(a);
        }
        return out;
      });
}

inline void add_whole_batch_operations(std::vector<random_operation>& to) {
  constexpr auto n = of_numbers;
  auto add = [&](std::string name, bool keeps_order, auto build, auto evaluate) {
    to.push_back(operation<n, n>(std::move(name), keeps_order, build, evaluate));
  };
  add(
      "glom", true,
      [](auto s, number) { return s.glom().flat_map([](numbers part) { return part; }); },
      [](auto& d, number) { return d; });
  add(
      "map_partitions", true,
      [](auto s, number a) {
        return s.map_partitions(
            [a](numbers& p) { return each(p, [a](number x) { return x + a; }); });
      },
      [](auto& d, number a) { return each(d, [a](number x) { return x + a; }); });
  add(
      "repartition", false,
      [](auto s, number a) { return s.repartition(static_cast<std::uint32_t>(a)); },
      [](auto& d, number) { return d; });
  add(
      "reduce", true, [](auto s, number) { return s.reduce(std::plus<number>{}); },
      [](auto& d, number) {
        number sum = 0;
        for (auto x : d)
          sum += x;
        return d.empty() ? numbers{} : numbers{sum};
      });
  add(
      "count", true, [](auto s, number) { return s.count(); },
      [](auto& d, number) { return numbers{static_cast<number>(d.size())}; });
  add(
      "count_by_value", false,
      [](auto s, number a) {
        return s.count_by_value(static_cast<std::uint32_t>(a)).map(weigh_pair);
      },
      [](auto& d, number) { return weigh(counts_of(d)); });
}

inline void add_keyed_operations(std::vector<random_operation>& to) {
  auto keyed = [](auto s, number a) {
    return s.map([a](number x) { return std::pair{x % (a * 7), x}; });
  };
  auto sums = [](auto& d, number a) { return weigh(sums_of(d, a * 7)); };
  auto add = [&](std::string name, auto build, auto evaluate) {
    to.push_back(operation<of_numbers, of_numbers>(
        std::move(name), false,
        [=](auto s, number a) { return build(keyed(s, a), a).map(weigh_pair); }, evaluate));
  };
  add(
      "reduce_by_key",
      [](auto s, number a) {
        return s.reduce_by_key(std::plus<number>{}, static_cast<std::uint32_t>(a - 1));
      },
      sums);
  add(
      "reduce_by_key partitioner",
      [](auto s, number a) {
        return s.reduce_by_key(std::plus<number>{}, partition_with(2, [a](number k) {
                                 return k % std::min<number>(a, 2);
                               }));
      },
      sums);
  add(
      "combine_by_key",
      [](auto s, number a) {
        return s.combine_by_key([](number v) { return v; }, std::plus<number>{},
                                std::plus<number>{}, 3, a % 2 == 0);
      },
      sums);
  add(
      "group_by_key",
      [](auto s, number a) {
        return s.group_by_key(static_cast<std::uint32_t>(a)).map_values([](numbers v) {
          number sum = 0;
          for (auto x : v)
            sum += x;
          return sum;
        });
      },
      sums);
  add(
      "partition_by",
      [](auto s, number a) { return s.partition_by(static_cast<std::uint32_t>(a)); },
      [](auto& d, number a) {
        return each(d, [a](number x) { return one_number(x % (a * 7), x); });
      });
  add(
      "flat_map_values",
      [](auto s, number) { return s.flat_map_values([](number v) {
                             return numbers{v, v + 1};
                           }); },
      [](auto& d, number a) {
        numbers out;
        for (auto x : d)
          for (number more : {0, 1})
            out.push_back(one_number(x % (a * 7), x + more));
        return out;
      });
}

inline void add_view_operations(std::vector<random_operation>& to) {
  constexpr auto v = of_views;
  using view = std::string_view;
  to.push_back(operation<v, v>(
      "split", true, [](auto s, number) { return s.flat_map(split(' ')); },
      [](auto& d, number) { return split_plainly(d, ' '); }));
  to.push_back(operation<v, v>(
      "words", true, [](auto s, number) { return s.flat_map(words()); },
      [](auto& d, number) { return words_plainly(d); }));
  to.push_back(operation<v, v>(
      "substr", true,
      [](auto s, number a) {
        return s.map([a](view x) { return x.substr(0, static_cast<std::size_t>(a) * 3); });
      },
      [](auto& d, number a) {
        return each(d, [a](auto& x) { return x.substr(0, static_cast<std::size_t>(a) * 3); });
      }));
  to.push_back(operation<v, v>(
      "filter", true,
      [](auto s, number a) {
        return s.filter([a](view x) { return x.size() % 10 != static_cast<std::size_t>(a); });
      },
      [](auto& d, number a) {
        return only(d, [a](auto& x) { return x.size() % 10 != static_cast<std::size_t>(a); });
      }));
  to.push_back(operation<v, v>(
      "repartition", false,
      [](auto s, number a) { return s.repartition(static_cast<std::uint32_t>(a)); },
      [](auto& d, number) { return d; }));
  to.push_back(operation<v, v>(
      "reduce", true,
      [](auto s, number) { return s.reduce([](view a, view b) { return std::max(a, b); }); },
      [](auto& d, number) { return largest(d); }));
  to.push_back(operation<v, v>(
      "distinct by key", false,
      [](auto s, number a) {
        return s.map([](view x) {
                  return std::pair{x, x};
                })
            .reduce_by_key([](view, view b) { return b; }, static_cast<std::uint32_t>(a))
            .map([](auto p) { return p.second; });
      },
      [](auto& d, number) {
        texts out;
        for (auto& [k, n] : counts_of(d))
          out.push_back(k);
        return out;
      }));
  to.push_back(operation<v, of_numbers>(
      "sizes", true,
      [](auto s, number) { return s.map([](view x) { return static_cast<number>(x.size()); }); },
      [](auto& d, number) {
        return each(d, [](auto& x) { return static_cast<number>(x.size()); });
      }));
  to.push_back(operation<v, of_texts>(
      "word count", false,
      [](auto s, number a) {
        return s.count_by_value(static_cast<std::uint32_t>(a)).map([](auto p) {
          return std::string(p.first) + ":" + std::to_string(p.second);
        });
      },
      [](auto& d, number) {
        texts out;
        for (auto& [k, n] : counts_of(d))
          out.push_back(k + ":" + std::to_string(n));
        return out;
      }));
}

inline void add_text_operations(std::vector<random_operation>& to) {
  constexpr auto t = of_texts;
  to.push_back(operation<of_numbers, t>(
      "to_string", true,
      [](auto s, number a) {
        return s.map([a](number x) {
          return std::to_string(x) + std::string(static_cast<std::size_t>(a) * 3, '_');
        });
      },
      [](auto& d, number a) {
        return each(d, [a](number x) {
          return std::to_string(x) + std::string(static_cast<std::size_t>(a) * 3, '_');
        });
      }));
  to.push_back(operation<t, t>(
      "append", true,
      [](auto s, number a) {
        return s.map([a](std::string x) { return std::move(x) + std::to_string(a); });
      },
      [](auto& d, number a) { return each(d, [a](auto& x) { return x + std::to_string(a); }); }));
  to.push_back(operation<t, t>(
      "filter", true,
      [](auto s, number a) {
        return s.filter(
            [a](const std::string& x) { return x.back() != '0' + static_cast<char>(a); });
      },
      [](auto& d, number a) {
        return only(d, [a](auto& x) { return x.back() != '0' + static_cast<char>(a); });
      }));
  to.push_back(operation<t, t>(
      "reduce", true,
      [](auto s, number) {
        return s.reduce([](const std::string& a, const std::string& b) -> const std::string& {
          return std::max(a, b);
        });
      },
      [](auto& d, number) { return largest(d); }));
  to.push_back(operation<t, t>(
      "partition_by", false,
      [](auto s, number a) {
        return s.map([](std::string x) {
                  return std::pair{std::move(x), 1};
                })
            .partition_by(static_cast<std::uint32_t>(a))
            .map([](auto p) { return std::move(p.first); });
      },
      [](auto& d, number) { return d; }));
  to.push_back(operation<t, of_numbers>(
      "sizes", true,
      [](auto s, number) {
        return s.map([](const std::string& x) { return static_cast<number>(x.size()); });
      },
      [](auto& d, number) {
        return each(d, [](auto& x) { return static_cast<number>(x.size()); });
      }));
}

inline std::vector<random_operation> all_random_operations() {
  std::vector<random_operation> all;
  add_number_operations(all);
  add_whole_batch_operations(all);
  add_keyed_operations(all);
  add_view_operations(all);
  add_text_operations(all);
  return all;
}

} // namespace millrace::test
