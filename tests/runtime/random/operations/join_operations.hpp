#pragma once

#include "runtime/random/operations/state_operations.hpp"

namespace millrace::test {

/// A value of one side of a join, which may be missing, as a number.
inline number side(number v) { return v + 1; }
inline number side(std::optional<number> v) { return v ? *v + 1 : 0; }

namespace reference {

/// (key, f(v, w)) for every pair of records with equal keys; with nothing for a missing partner
/// where that is wanted.
template <class Pairs>
Pairs join(const Pairs& left, const Pairs& right, bool keep_left, bool keep_right) {
  Pairs out;
  auto lefts = groups_of(left);
  auto rights = groups_of(right);
  auto emit = [&](auto& k, std::optional<number> v, std::optional<number> w) {
    append(out, {{k, one_number(side(v), side(w))}});
  };
  for (auto& [k, values] : lefts)
    for (auto v : values) {
      auto partners = rights.find(k);
      if (partners != rights.end())
        for (auto w : partners->second)
          emit(k, v, w);
      else if (keep_left)
        emit(k, v, std::nullopt);
    }
  for (auto& [k, values] : rights)
    if (keep_right && !lefts.contains(k))
      for (auto w : values)
        emit(k, std::nullopt, w);
  return out;
}

template <class Pairs>
Pairs cogroup(const Pairs& left, const Pairs& right) {
  auto lefts = groups_of(left);
  auto rights = groups_of(right);
  for (auto& [k, values] : rights)
    lefts[k];
  Pairs out;
  for (auto& [k, values] : lefts)
    out.emplace_back(k, one_number(digest(values), digest(rights[k])));
  return out;
}

} // namespace reference

inline constexpr auto one_value = [](const auto& both) {
  return one_number(side(both.first), side(both.second));
};

template <record_kind K>
void add_joins(operation_list& to) {
  auto add = [&](std::string name, bool keep_left, bool keep_right, auto join) {
    to.push_back(per_two<K, K, K>(
        std::move(name), order::loses,
        [join](auto l, auto r, const parameters& p) {
          return with_partitions(p, [&](auto how) { return join(l, r, how); })
              .map_values([p](auto both) {
                p.trip();
                return one_value(both);
              });
        },
        [=](auto& l, auto& r, auto&) { return reference::join(l, r, keep_left, keep_right); }));
  };
  add("join", false, false, [](auto l, auto r, auto how) { return l.join(r, how); });
  add("left_outer_join", true, false,
      [](auto l, auto r, auto how) { return l.left_outer_join(r, how); });
  add("right_outer_join", false, true,
      [](auto l, auto r, auto how) { return l.right_outer_join(r, how); });
  add("full_outer_join", true, true,
      [](auto l, auto r, auto how) { return l.full_outer_join(r, how); });
  to.push_back(per_two<K, K, K>(
      "cogroup", order::loses,
      [](auto l, auto r, const parameters& p) {
        return with_partitions(p, [&](auto how) { return l.cogroup(r, how); })
            .map_values([p](std::pair<numbers, numbers> both) {
              p.trip();
              return one_number(digest(both.first), digest(both.second));
            });
      },
      [](auto& l, auto& r, auto&) { return reference::cogroup(l, r); }));
}

template <record_kind K>
void add_static_joins(operation_list& to) {
  using owned_key = typename data_of<K>::value_type::first_type;
  auto add = [&](std::string name, bool keep_left, auto join) {
    to.push_back(per_batch<K, K>(
        std::move(name), order::loses,
        [join](auto s, const parameters& p) {
          batch<std::pair<owned_key, number>> other{initial_states<owned_key>(p)};
          return join(s, other.union_with(other)).map_values([p](auto both) {
            p.trip();
            return one_value(both);
          });
        },
        [keep_left](auto& d, auto& p) {
          auto other = initial_states<owned_key>(p);
          auto twice = other;
          append(twice, other);
          return reference::join(d, twice, keep_left, false);
        }));
  };
  add("join with static records", false, [](auto s, const auto& other) { return s.join(other); });
  add("left_outer_join with static records", true,
      [](auto s, const auto& other) { return s.left_outer_join(other); });
}

} // namespace millrace::test
