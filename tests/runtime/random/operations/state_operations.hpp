#pragma once

#include "runtime/random/operations/state_reference.hpp"

#include <tuple>

namespace millrace::test {

/// The states before the first batch: some keys that the inputs have too.
template <class Key>
std::vector<std::pair<Key, number>> initial_states(const parameters& p) {
  std::vector<std::pair<Key, number>> out;
  for (number i = 0; i < p.a % 4 * 3; ++i) {
    if constexpr (std::is_same_v<Key, std::string>)
      out.emplace_back(
          (i % 2 == 0 ? "w" : "a word") + std::string(static_cast<std::size_t>(i), '1'), i + p.a);
    else
      out.emplace_back(i * 3, i + p.a);
  }
  return out;
}

/// The function of all updates: adds up, halves what gets nothing new, drops some.
inline std::optional<number> next_state(const numbers& values, std::optional<number> old,
                                        number a) {
  if (values.empty()) {
    if (*old % (a + 2) == 1)
      return std::nullopt;
    return *old / 2 + 1;
  }
  auto next = bounded(total(values) + old.value_or(a) * 3 + static_cast<number>(values.size()));
  return next % 11 == 0 ? std::nullopt : std::optional{next};
}

template <record_kind K>
void add_updates(operation_list& to) {
  using key = typename record_of<K>::first_type;
  constexpr auto out = owned_kind<K>;
  using pairs = data_of<out>;
  using owned_key = typename pairs::value_type::first_type;
  using maybe = std::optional<number>;
  to.push_back(over_history<K, out>(
      "update_state_by_key", order::loses,
      [](auto s, const parameters& p) {
        auto update = [p](const numbers& values, maybe old) {
          p.trip();
          return next_state(values, old, p.a);
        };
        return with_partitions(
            p, [&](auto how) { return s.template update_state_by_key<number>(update, how); });
      },
      [](const batches_of<data_of<K>>& in, const parameters& p) {
        return reference::update_states(
            in, p, pairs{}, untouched_keys::call,
            [&](number, auto&, auto& values, maybe old) { return next_state(values, old, p.a); });
      }));
  auto in_time = [](const parameters& p, number second, std::string_view k, auto& values,
                    maybe old) {
    p.trip();
    auto next = next_state(values, old, p.a);
    return next ? maybe{one_number(*next, second + static_cast<number>(k.size()))} : next;
  };
  to.push_back(over_history<K, out>(
      "update_state_by_key with time, initial states, untouched keys skipped", order::loses,
      [in_time](auto s, const parameters& p) {
        auto update = [in_time, p](batch_time t, const key& k, const numbers& values, maybe old) {
          return in_time(p, t.ms() / 1000, text_of(k), values, old);
        };
        return s.template update_state_by_key<number>(
            update, p.partitions, batch<std::pair<owned_key, number>>{initial_states<owned_key>(p)},
            p.a % 2 == 0 ? untouched_keys::skip : untouched_keys::call);
      },
      [in_time](const batches_of<data_of<K>>& in, const parameters& p) {
        return reference::update_states(in, p, initial_states<owned_key>(p),
                                        p.a % 2 == 0 ? untouched_keys::skip : untouched_keys::call,
                                        [&](number second, auto& k, auto& values, maybe old) {
                                          return in_time(p, second, text_of(k), values, old);
                                        });
      }));
}

template <record_kind K>
void add_partition_updates(operation_list& to) {
  using key = typename record_of<K>::first_type;
  constexpr auto out = owned_kind<K>;
  using owned_key = typename data_of<out>::value_type::first_type;
  using maybe = std::optional<number>;
  to.push_back(over_history<K, out>(
      "update_state_by_partition", order::loses,
      [](auto s, const parameters& p) {
        auto update = [p](std::vector<std::tuple<key, numbers, maybe>> all) {
          std::vector<std::pair<owned_key, number>> kept;
          for (auto& [k, values, old] : all) {
            p.trip();
            if (auto next = next_state(values, old, p.a))
              kept.emplace_back(owned_key(k), *next);
          }
          return kept;
        };
        return with_partitions(p, [&](auto how) {
          return s.template update_state_by_partition<number>(
              update, how, batch<std::pair<owned_key, number>>{initial_states<owned_key>(p)});
        });
      },
      [](const batches_of<data_of<K>>& in, const parameters& p) {
        return reference::update_states(
            in, p, initial_states<owned_key>(p), untouched_keys::call,
            [&](number, auto&, auto& values, maybe old) { return next_state(values, old, p.a); });
      }));
}

/// Nothing, or up to half a second less than a whole number of batches.
inline std::optional<duration> idle_timeout(const parameters& p) {
  if (p.a % 3 == 0)
    return std::nullopt;
  return p.window_length() - milliseconds(p.a % 2 * 500);
}

template <class Spec>
auto with_timeout(Spec spec, const parameters& p) {
  auto idle = idle_timeout(p);
  return idle ? spec.timeout(*idle) : spec;
}

/// The function of `map_with_state`, for the states of the library and of the reference: counts
/// the records of a key, forgets it now and then, returns nothing now and then.
template <class Key>
struct count_records {
  parameters p;

  template <class State>
  std::optional<std::pair<Key, number>> operator()(number second, const auto& key,
                                                   std::optional<number> value, State& s) const {
    p.trip();
    if (s.is_timing_out())
      return std::pair{Key(key), value ? -1 : one_number(s.get(), second)};
    auto n = s.get_option().value_or(0) + 1;
    if (n % (p.a + 2) == 0)
      s.remove();
    else
      s.update(n);
    return n % 4 == 3 ? std::nullopt : std::optional{std::pair{Key(key), n}};
  }
};

/// As count_records, for one record of each key and batch: writes a trail of the values, and
/// leaves the state alone for some, whatever the time.
template <class Key>
struct write_trail {
  parameters p;

  template <class State>
  std::optional<std::pair<Key, number>> operator()(number, const auto& key,
                                                   std::optional<number> value, State& s) const {
    p.trip();
    if (s.is_timing_out())
      return std::pair{Key(key), trail_number(s.get())};
    if (*value % 4 != 0) {
      auto trail = s.exists() ? s.get() : std::string{};
      s.update((trail + " then " + std::to_string(*value)).substr(trail.size() > 60 ? 30 : 0));
    } else if (*value % 8 == 0 && s.exists()) {
      s.remove();
    }
    return std::pair{Key(key), s.exists() ? trail_number(s.get()) : 0};
  }

  static number trail_number(const std::string& trail) {
    number n = 0;
    for (char c : trail)
      n = one_number(n, c);
    return n;
  }
};

/// The library's form of such a function.
template <class S, class K, class F>
auto with_batch_time(F f) {
  return [f](batch_time t, const K& key, std::optional<number> v, state<S>& s) {
    return f(t.ms() / 1000, key, v, s);
  };
}

template <record_kind K>
void add_mappings(operation_list& to) {
  using key = typename record_of<K>::first_type;
  constexpr auto out = owned_kind<K>;
  using owned_key = typename data_of<out>::value_type::first_type;
  to.push_back(over_history<K, out>(
      "map_with_state and its snapshots", order::loses,
      [](auto s, const parameters& p) {
        auto spec =
            state_spec<number>(with_batch_time<number, key>(count_records<owned_key>{p}))
                .initial_state(batch<std::pair<owned_key, number>>{initial_states<owned_key>(p)});
        auto mapped = p.by_route
                          ? s.map_with_state(with_timeout(spec.partitioner(p.route), p))
                          : s.map_with_state(with_timeout(spec.num_partitions(p.partitions), p));
        return mapped.union_with(mapped.state_snapshots());
      },
      [](const batches_of<data_of<K>>& in, const parameters& p) {
        return reference::map_with_states<number>(in, p, initial_states<owned_key>(p),
                                                  idle_timeout(p), count_records<owned_key>{p},
                                                  [](number state) { return state; });
      }));
  to.push_back(over_history<K, out>(
      "map_with_state of texts, and its snapshots", order::loses,
      [](auto s, const parameters& p) {
        auto spec =
            state_spec<std::string>([trail = write_trail<owned_key>{p}](
                                        const key& k, std::optional<number> v,
                                        state<std::string>& s) { return trail(0, k, v, s); });
        auto mapped = s.reduce_by_key(std::plus<number>{}, p.partitions)
                          .map_values(bounded)
                          .map_with_state(with_timeout(spec.num_partitions(p.partitions), p));
        return mapped.union_with(
            mapped.state_snapshots().map_values(write_trail<owned_key>::trail_number));
      },
      [](const batches_of<data_of<K>>& in, const parameters& p) {
        batches_of<data_of<K>> sums(in.size());
        for (std::size_t b = 0; b < in.size(); ++b)
          if (in[b])
            sums[b] = fold_groups(*in[b], bounded_total);
        return reference::map_with_states<std::string>(sums, p, {}, idle_timeout(p),
                                                       write_trail<owned_key>{p},
                                                       write_trail<owned_key>::trail_number);
      }));
}

} // namespace millrace::test
