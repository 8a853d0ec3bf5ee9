#pragma once

#include "runtime/random/operations/event_reference.hpp"

namespace millrace::test {

/// What the operations by event time are told: times in milliseconds.
struct event_setting {
  explicit event_setting(const parameters& p)
      : disorder{p.a * 100},
        shape{static_cast<number>(p.length) * 400 * (1 + p.a % 3),
              static_cast<number>(p.length) * 400, p.a % 2 * 700} {}

  number disorder;
  reference::window_shape shape; ///< Of one to three slides.
};

/// Keeps the starts of windows above zero.
inline constexpr number first_time = 1'000'000;

/// In pseudo-random order around the time of the batch, or, every third time, without any relation
/// to it.
inline number spread_time(number value, number second, number a) {
  return first_time + (a % 3 == 0 ? value * 7 : second * 1000 - value * 37 % 2500);
}

/// (key, value) by event time. The time of the batch comes in by `transform`, so the input must
/// have all batches.
template <record_kind K>
auto by_spread_time(const stream_of<K>& s, const parameters& p) {
  using record = std::pair<typename data_of<K>::value_type::first_type, number_pair>;
  using owned_record = typename data_of<K>::value_type;
  return s
      .transform([p](const batch<owned_record>& b, batch_time t) {
        return b.map([p, t](const owned_record& r) {
          return record{r.first, {r.second, spread_time(r.second, t.ms() / 1000, p.a)}};
        });
      })
      .assign_timestamps(
          [p](const record& r) {
            p.trip();
            return event_time{r.second.second};
          },
          milliseconds(event_setting{p}.disorder));
}

/// What windows make of (value, time): all values.
template <class Windows>
auto grouped(const Windows& windows, const parameters& p) {
  auto create = [](number_pair v) { return numbers{v.first}; };
  auto add = [p](numbers all, number_pair v) {
    p.trip();
    all.push_back(v.first);
    return all;
  };
  auto merge = [](numbers all, const numbers& more) {
    append(all, more);
    return all;
  };
  return with_partitions(
      p, [&](auto how) { return windows.aggregate_by_key(create, add, merge, how); });
}

template <class K>
std::pair<K, number> fired_result(const std::pair<K, windowed<numbers>>& r) {
  return {r.first, reference::event_result(r.second.start.ms(), r.second.end.ms(), r.second.value)};
}

inline number late_result(number value, number time) { return one_number(time, value + 1); }

template <record_kind K>
void add_event_windows(operation_list& to) {
  using key = typename data_of<K>::value_type::first_type;
  constexpr auto out = owned_kind<K>;
  auto fixed = over_history<K, out>(
      "tumbling or sliding windows by event time, and late records", order::loses,
      [](auto s, const parameters& p) {
        event_setting set{p};
        auto size = milliseconds(set.shape.size);
        auto spec = set.shape.size == set.shape.slide
                        ? window_spec::tumbling(size)
                        : window_spec::sliding(size, milliseconds(set.shape.slide));
        auto fired = grouped(by_spread_time<K>(s, p).window(
                                 spec, {.allowed_lateness = milliseconds(set.shape.lateness)}),
                             p);
        auto late = fired.late_records().map([](const auto& r) {
          auto& [value, time] = r.value.second;
          return std::pair<key, number>{r.value.first, late_result(value, time)};
        });
        return fired.map([](const auto& r) { return fired_result<key>(r); }).union_with(late);
      },
      [](const batches_of<data_of<K>>& in, const parameters& p) {
        event_setting set{p};
        auto events = reference::with_times(
            in, set.disorder, [&](number v, number s) { return spread_time(v, s, p.a); });
        return reference::fixed_windows(events, p, set.shape, [](auto& late, auto& e) {
          late.emplace_back(e.key, late_result(e.value, e.time));
        });
      });
  fixed.needs_parents = true;
  to.push_back(std::move(fixed));
}

/// Of one time within the last second before the batch, and that is the disorder too, so that
/// nothing is late: which sessions late records find depends on the order in which they come.
inline number recent_time(number value, number second) {
  return first_time + second * 1000 - value * 37 % 1000;
}

inline event_dstream<std::pair<number, number_pair>> by_recent_time(const dstream<number_pair>& s) {
  using record = std::pair<number, number_pair>;
  return s
      .transform([](const batch<number_pair>& b, batch_time t) {
        return b.map([t](const number_pair& r) {
          return record{r.first, {r.second, recent_time(r.second, t.ms() / 1000)}};
        });
      })
      .assign_timestamps([](const record& r) { return event_time{r.second.second}; }, seconds(1));
}

inline void add_sessions(operation_list& to) {
  auto op = over_history<of_pairs, of_pairs>(
      "session windows by event time", order::loses,
      [](auto s, const parameters& p) {
        auto events = by_recent_time(s);
        return grouped(events.window(window_spec::session(milliseconds(p.a * 150)),
                                     {.allowed_lateness = milliseconds(p.a % 2 * 700)}),
                       p)
            .map([](const auto& r) { return fired_result<number>(r); });
      },
      [](const batches_of<std::vector<number_pair>>& in, const parameters& p) {
        return reference::sessions(reference::with_times(in, 1000, recent_time), p, p.a * 150);
      });
  op.needs_parents = true;
  to.push_back(std::move(op));
}

inline void add_interval_join(operation_list& to) {
  random_operation op{"interval_join", {of_pairs, of_pairs}, of_pairs, order::loses};
  op.needs_parents = true;
  auto interval = [](const parameters& p) {
    return std::pair{-p.a * 100, static_cast<number>(p.length) * 300};
  };
  op.build = [interval](const std::vector<any_stream>& s, const parameters& p) {
    auto left = by_spread_time<of_pairs>(std::get<of_pairs>(s[0]), p);
    auto right = by_spread_time<of_pairs>(std::get<of_pairs>(s[1]), p);
    auto [lower, upper] = interval(p);
    auto joined = with_partitions(p, [&, lo = lower, up = upper](auto how) {
      return left.interval_join(right, milliseconds(lo), milliseconds(up), how);
    });
    return any_stream{std::in_place_index<of_pairs>, joined.map([p](const auto& r) {
                        p.trip();
                        return number_pair{r.first, one_number(r.second.first.value.first,
                                                               r.second.second.value.first)};
                      })};
  };
  op.evaluate = [interval](const std::vector<const history*>& in, const parameters& p) {
    auto events = [&](const history& h) {
      return reference::with_times(typed<of_pairs>(h), event_setting{p}.disorder,
                                   [&](number v, number s) { return spread_time(v, s, p.a); });
    };
    auto [lower, upper] = interval(p);
    return untyped<of_pairs>(
        reference::interval_join(events(*in[0]), events(*in[1]), p, lower, upper), p.slide);
  };
  to.push_back(std::move(op));
}

} // namespace millrace::test
