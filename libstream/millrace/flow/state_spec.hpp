#pragma once

#include "millrace/base/time.hpp"
#include "millrace/chunk/batch.hpp"
#include "millrace/stage/partitioner.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace millrace {

/// How `map_with_state` works: the function, and what may be said beside it. Made by
/// `state_spec<S>(f)`, then refined by the calls below, each of which returns a new one.
///
/// f(time, key, optional<V>, state<S>&) or f(key, optional<V>, state<S>&) returns a record or an
/// optional one. It is called once for each record, and without a value for a key that times out.
template <class S, class F, class Initial = std::monostate, class P = std::uint32_t>
class state_spec_of {
public:
  using state_type = S;

  explicit state_spec_of(F f, Initial initial = {}, P partitions = {},
                         std::optional<duration> idle = std::nullopt)
      : f_{std::move(f)},
        initial_{std::move(initial)},
        partitions_{std::move(partitions)},
        timeout_{idle} {}

  /// The states before the first batch.
  template <class K>
  auto initial_state(batch<std::pair<K, S>> states) const {
    return state_spec_of<S, F, batch<std::pair<K, S>>, P>{f_, std::move(states), partitions_,
                                                          timeout_};
  }

  auto num_partitions(std::uint32_t n) const {
    return state_spec_of<S, F, Initial, std::uint32_t>{f_, initial_, n, timeout_};
  }

  template <class Partitioner>
  auto partitioner(Partitioner p) const {
    return state_spec_of<S, F, Initial, Partitioner>{f_, initial_, std::move(p), timeout_};
  }

  /// A key that was idle for longer is called once more, timing out, and removed, in the batch in
  /// which that is due.
  state_spec_of timeout(duration idle) const {
    return state_spec_of{f_, initial_, partitions_, idle};
  }

  const F& function() const { return f_; }
  const Initial& initial() const { return initial_; }
  const P& partitions() const { return partitions_; }
  const std::optional<duration>& idle_timeout() const { return timeout_; }

private:
  F f_;
  Initial initial_;
  P partitions_;
  std::optional<duration> timeout_;
};

template <class S, class F>
state_spec_of<S, F> state_spec(F f) {
  return state_spec_of<S, F>{std::move(f)};
}

} // namespace millrace
