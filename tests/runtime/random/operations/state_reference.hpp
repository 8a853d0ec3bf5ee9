#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test::reference {

/// What a function of `map_with_state` sees of a state, in plain code.
template <class S>
class plain_state {
public:
  plain_state(std::optional<S> value, bool timing_out)
      : value_{std::move(value)}, timing_out_{timing_out} {}

  bool exists() const { return value_.has_value(); }
  const S& get() const { return *value_; }
  std::optional<S> get_option() const { return value_; }
  bool is_timing_out() const { return timing_out_; }
  void update(S value) {
    value_ = std::move(value);
    updated_ = true;
  }
  void remove() { value_.reset(); }
  bool updated() const { return updated_; }

private:
  std::optional<S> value_;
  bool timing_out_;
  bool updated_ = false;
};

/// `f(second, key, values, old state)` for every key that has values in the batch or, unless they
/// are skipped, a state from before. The batches have all states, or those of the keys called.
template <class Pairs, class F>
batches_of<Pairs> update_states(const batches_of<Pairs>& in, const parameters& p,
                                const Pairs& initial, untouched_keys untouched, F f) {
  batches_of<Pairs> out(in.size());
  std::map<typename Pairs::value_type::first_type, number> states{initial.begin(), initial.end()};
  for (std::size_t b = 0; b < in.size(); ++b) {
    if (!p.due(b))
      continue;
    auto groups = in[b] ? groups_of(*in[b]) : decltype(groups_of(*in[b])){};
    if (untouched == untouched_keys::call)
      for (auto& [k, s] : states)
        groups[k];
    out[b].emplace();
    for (auto& [k, values] : groups) {
      auto old = states.find(k);
      auto next = f(static_cast<number>(b + 1), k, values,
                    old == states.end() ? std::nullopt : std::optional{old->second});
      states.erase(k);
      if (!next)
        continue;
      states.emplace(k, *next);
      out[b]->emplace_back(k, *next);
    }
  }
  return out;
}

template <class S>
struct timed_state {
  S value;
  duration touched{0};
};

/// `map_with_state`: what `f(second, key, value or nothing, state)` returns, followed in each batch
/// by all (key, shown(state)).
template <class S, class Pairs, class F, class Show>
batches_of<Pairs>
map_with_states(const batches_of<Pairs>& in, const parameters& p,
                const std::vector<std::pair<typename Pairs::value_type::first_type, S>>& initial,
                std::optional<duration> timeout, F f, Show shown) {
  using key = typename Pairs::value_type::first_type;
  batches_of<Pairs> out(in.size());
  std::map<key, timed_state<S>> states;
  bool first = true;
  for (std::size_t b = 0; b < in.size(); ++b) {
    if (!p.due(b))
      continue;
    const auto now = parameters::in_seconds(b + 1);
    if (std::exchange(first, false))
      for (auto& [k, s] : initial)
        states[k] = {s, now};
    out[b].emplace();
    auto call = [&](const key& k, std::optional<number> value) {
      auto old = states.find(k);
      plain_state<S> s{old == states.end() ? std::nullopt : std::optional{old->second.value},
                       !value};
      if (auto result = f(static_cast<number>(b + 1), k, value, s))
        out[b]->push_back(*result);
      if (!s.exists() || !value)
        states.erase(k);
      else if (s.updated() || timeout)
        states[k] = {s.get(), now};
    };
    if (in[b])
      for (auto& [k, v] : *in[b])
        call(k, v);
    for (auto& [k, s] : std::map{states})
      if (timeout && s.touched < now - *timeout)
        call(k, std::nullopt);
    for (auto& [k, s] : states)
      out[b]->emplace_back(k, shown(s.value));
  }
  return out;
}

} // namespace millrace::test::reference
