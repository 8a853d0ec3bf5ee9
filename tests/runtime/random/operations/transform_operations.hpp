#pragma once

#include "millrace/flow/broadcast.hpp"
#include "millrace/flow/stream_context.hpp"
#include "runtime/random/operations/join_operations.hpp"

#include <array>

namespace millrace::test {

template <record_kind K>
void add_union(operation_list& to) {
  to.push_back(per_two<K, K, K>(
      "union", order::keeps, [](auto l, auto r, const parameters&) { return l.union_with(r); },
      [](auto& l, auto& r, auto&) {
        auto all = l;
        append(all, r);
        return all;
      }));
}

/// `join(batches, p)` over three streams of numbers.
inline random_operation over_three(
    std::string name,
    std::function<dstream<number>(const std::vector<dstream<number>>&, const parameters&)> build,
    std::function<numbers(const std::vector<numbers>&, const parameters&, number)> evaluate) {
  random_operation op{
      std::move(name), {of_numbers, of_numbers, of_numbers}, of_numbers, order::keeps};
  op.needs_parents = true;
  op.build = [build](const std::vector<any_stream>& s, const parameters& p) {
    std::vector<dstream<number>> streams;
    for (auto& each : s)
      streams.push_back(std::get<of_numbers>(each));
    return any_stream{std::in_place_index<of_numbers>, build(streams, p)};
  };
  op.evaluate = [evaluate](const std::vector<const history*>& in, const parameters& p) {
    batches_of<numbers> out(in[0]->batches.size());
    for (std::size_t b = 0; b < out.size(); ++b) {
      std::vector<numbers> all;
      for (auto* h : in)
        if (h->batches[b])
          all.push_back(std::get<of_numbers>(*h->batches[b]));
      if (all.size() == in.size())
        out[b] = evaluate(all, p, static_cast<number>(b + 1));
    }
    return untyped<of_numbers>(std::move(out), p.slide);
  };
  return op;
}

inline void add_three_stream_operations(operation_list& to) {
  auto all_in_order = [](const std::vector<numbers>& all) {
    numbers out;
    for (auto& one : all)
      append(out, one);
    return out;
  };
  to.push_back(over_three(
      "union of three", [](auto& s, const parameters& p) { return p.context->union_of(s); },
      [all_in_order](auto& all, auto&, number) { return all_in_order(all); }));
  to.push_back(over_three(
      "transform of three",
      [](auto& s, const parameters& p) {
        return p.context->transform(s, [p](const std::vector<batch<number>>& all, batch_time t) {
          p.trip();
          auto both = all[0].union_with(all[1]);
          return t.ms() / 1000 % 2 == 0 ? both : both.union_with(all[2]);
        });
      },
      [all_in_order](auto all, auto&, number second) {
        if (second % 2 == 0)
          all.pop_back();
        return all_in_order(all);
      }));
}

inline void add_transforms(operation_list& to) {
  auto add = [&](random_operation op) {
    op.needs_parents = true;
    to.push_back(std::move(op));
  };
  add(per_batch<of_numbers, of_numbers>(
      "transform with time", order::keeps,
      [](auto s, const parameters& p) {
        return s.transform([p](const batch<number>& b, batch_time t) {
          auto second = t.ms() / 1000;
          return b
              .filter([=](number x) {
                p.trip();
                return x % p.a != second % p.a;
              })
              .map([=](number x) { return bounded(x + second); });
        });
      },
      [](auto& d, auto& p, number second) {
        return each(only(d, [&](number x) { return x % p.a != second % p.a; }),
                    [&](number x) { return bounded(x + second); });
      }));
  add(per_batch<of_numbers, of_numbers>(
      "transform that sorts", order::makes,
      [](auto s, const parameters& p) {
        return s.transform([p](const batch<number>& b) {
          p.trip();
          return b.sort_by([](number x) { return x; }, p.a % 2 == 0);
        });
      },
      [](auto d, auto& p) {
        std::ranges::sort(d);
        if (p.a % 2 != 0)
          std::ranges::reverse(d);
        return d;
      }));
  add(per_batch<of_views, of_texts>(
      "transform of views", order::keeps,
      [](auto s, const parameters& p) {
        return s.transform([p](const batch<std::string>& b) {
          return b.map([p](const std::string& x) { return x + std::to_string(p.a); });
        });
      },
      [](auto& d, auto& p) { return each(d, [&](auto& x) { return x + std::to_string(p.a); }); }));
  add(per_batch<of_pairs, of_pairs>(
      "transform that reduces", order::loses,
      [](auto s, const parameters& p) {
        return s
            .transform([p](const batch<number_pair>& b) {
              return b.reduce_by_key([p](number x, number y) {
                p.trip();
                return x + y;
              });
            })
            .map_values(bounded);
      },
      [](auto& d, auto&) { return fold_groups(d, bounded_total); }));
}

inline void add_transforms_with(operation_list& to) {
  to.push_back(per_two<of_numbers, of_texts, of_texts>(
      "transform_with", order::keeps,
      [](auto l, auto r, const parameters& p) {
        return l.transform_with(r, [p](const batch<number>& a, const batch<std::string>& b) {
          p.trip();
          return a.map([](number x) { return std::to_string(x); }).union_with(b);
        });
      },
      [](auto& l, auto& r, auto&) {
        auto all = each(l, [](number x) { return std::to_string(x); });
        append(all, r);
        return all;
      }));
  to.push_back(per_two<of_view_pairs, of_text_pairs, of_text_pairs>(
      "transform_with that joins", order::loses,
      [](auto l, auto r, const parameters& p) {
        return l.transform_with(
            r, [p](const batch<text_pair>& a, const batch<text_pair>& b, batch_time) {
              return a.full_outer_join(b).map([p](const auto& both) {
                p.trip();
                return text_pair{both.first, one_value(both.second)};
              });
            });
      },
      [](auto& l, auto& r, auto&) { return reference::join(l, r, true, true); }));
}

inline storage_level random_level(const parameters& p) {
  using namespace storage_levels;
  auto n = static_cast<std::size_t>(p.a);
  if (p.little_memory)
    return std::array{memory_and_disk, memory_and_disk_ser, disk_only, disk_only_2,
                      off_heap}[n % 5];
  return std::array{memory_only, memory_only_ser, memory_and_disk, disk_only}[n % 4];
}

/// The same records, kept for `slice`. Of a window the parent would be persisted, so where a disk
/// is needed they are kept as they come out of a map.
template <record_kind K>
void add_remember(operation_list& to) {
  auto op = per_batch<K, K>(
      "remember and persist", order::keeps,
      [](auto s, const parameters& p) {
        auto kept = p.little_memory ? s.map([](auto x) { return x; }) : s;
        kept.remember(minutes(10));
        kept.persist(random_level(p));
        return kept;
      },
      [](auto& d, auto&) { return d; });
  op.remembered = true;
  op.keeps = [](auto&) { return true; };
  to.push_back(std::move(op));
}

/// The same records, no longer kept, or kept again after all.
template <record_kind K>
void add_unpersist(operation_list& to) {
  auto op = per_batch<K, K>(
      "unpersist", order::keeps,
      [](auto s, const parameters& p) {
        auto kept = s.map([](auto x) { return x; }); // another operation may keep `s`
        kept.persist(random_level(p)).unpersist();
        if (p.a % 2 == 0)
          kept.cache();
        return p.a % 3 == 0 ? kept.unpersist() : kept;
      },
      [](auto& d, auto&) { return d; });
  op.keeps = [](auto& p) { return p.a % 2 == 0 && p.a % 3 != 0; };
  to.push_back(std::move(op));
}

/// A map that reads a side input.
inline void add_broadcast(operation_list& to) {
  to.push_back(per_batch<of_numbers, of_numbers>(
      "map with a broadcast value", order::keeps,
      [](auto s, const parameters& p) {
        broadcast<numbers> table{numbers{p.a, 2 * p.a, 7}};
        return s.map([p, table](number x) {
          p.trip();
          return bounded(x + table->at(static_cast<std::size_t>(x < 0 ? 0 : x % 3)));
        });
      },
      [](auto& d, auto& p) {
        return each(d, [&](number x) {
          return bounded(x +
                         numbers{p.a, 2 * p.a, 7}.at(static_cast<std::size_t>(x < 0 ? 0 : x % 3)));
        });
      }));
}

/// The same records, with an interval that a checkpoint would have.
template <record_kind K>
void add_checkpoint(operation_list& to) {
  to.push_back(per_batch<K, K>(
      "checkpoint", order::keeps,
      [](auto s, const parameters& p) {
        auto same = s.map([](auto x) { return x; });
        return same.checkpoint(stream_access::node(same)->slide() * p.a);
      },
      [](auto& d, auto&) { return d; }));
}

} // namespace millrace::test
