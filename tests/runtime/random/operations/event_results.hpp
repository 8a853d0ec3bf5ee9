#pragma once

#include "runtime/random/operations/event_operations.hpp"

namespace millrace::test {

/// What can be made of windows by event time, beside `aggregate_by_key`: `of(windows, p)` gives
/// (key, windowed value), `value(it)` that value as one number, and `model(values)` the same in
/// plain code. The values of the windows are (value, time).
template <class Of, class Value, class Model>
struct event_form {
  std::string name;
  Of of;
  Value value;
  Model model;

  /// The model with the bounds of the window.
  [[nodiscard]] auto result() const {
    return [model = model](number start, number end, const numbers& values) {
      return one_number(start, one_number(end, model(values)));
    };
  }

  template <class Fired>
  auto results_of(const Fired& fired) const {
    return fired.map([value = value](const auto& r) {
      auto& [key, w] = r;
      return std::pair{key, one_number(w.start.ms(), one_number(w.end.ms(), value(w.value)))};
    });
  }
};

inline auto event_counts() {
  auto of = [](const auto& windows, const parameters& p) {
    return with_partitions(p, [&](auto how) { return windows.count_by_key(how); });
  };
  return event_form{"count_by_key", of, [](number n) { return n; },
                    [](const numbers& values) { return static_cast<number>(values.size()); }};
}

inline auto event_sums() {
  auto of = [](const auto& windows, const parameters& p) {
    auto plus = [p](number_pair a, number_pair b) {
      p.trip();
      return number_pair{a.first + b.first, std::max(a.second, b.second)};
    };
    return with_partitions(p, [&](auto how) { return windows.reduce_by_key(plus, how); });
  };
  return event_form{"reduce_by_key", of, [](number_pair sum) { return bounded(sum.first); },
                    [](const numbers& values) { return bounded_total(values); }};
}

inline auto event_groups() {
  auto of = [](const auto& windows, const parameters& p) {
    return with_partitions(p, [&](auto how) { return windows.group_by_key(how); });
  };
  auto value = [](const std::vector<number_pair>& group) {
    return digest(each(group, [](number_pair v) { return v.first; }));
  };
  return event_form{"group_by_key", of, value,
                    [](const numbers& values) { return digest(values); }};
}

template <record_kind K, class Form>
void add_fixed_windows(operation_list& to, const Form& form) {
  auto op = over_history<K, owned_kind<K>>(
      form.name + " of windows by event time", order::loses,
      [form](auto s, const parameters& p) {
        event_setting set{p};
        auto spec =
            window_spec::sliding(milliseconds(set.shape.size), milliseconds(set.shape.slide));
        auto windows = by_spread_time<K>(s, p).window(
            spec, {.allowed_lateness = milliseconds(set.shape.lateness)});
        return form.results_of(form.of(windows, p));
      },
      [form](const batches_of<data_of<K>>& in, const parameters& p) {
        event_setting set{p};
        auto events = reference::with_times(
            in, set.disorder, [&](number v, number s) { return spread_time(v, s, p.a); });
        return reference::fixed_windows(
            events, p, set.shape, [](auto&, auto&) {}, form.result());
      });
  op.needs_parents = true;
  to.push_back(std::move(op));
}

template <class Form>
void add_session_form(operation_list& to, const Form& form) {
  auto op = over_history<of_pairs, of_pairs>(
      form.name + " of sessions", order::loses,
      [form](auto s, const parameters& p) {
        auto events = by_recent_time(s);
        return form.results_of(
            form.of(events.window(window_spec::session(milliseconds(p.a * 150))), p));
      },
      [form](const batches_of<std::vector<number_pair>>& in, const parameters& p) {
        return reference::sessions(reference::with_times(in, 1000, recent_time), p, p.a * 150,
                                   form.result());
      });
  op.needs_parents = true;
  to.push_back(std::move(op));
}

} // namespace millrace::test
