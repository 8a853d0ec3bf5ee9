#pragma once

#include "millrace/chunk/stored.hpp"
#include "millrace/flow/checks.hpp"
#include "millrace/flow/keyed_exchange.hpp"
#include "millrace/flow/state_spec.hpp"
#include "millrace/stage/map_with_state_reader.hpp"
#include "millrace/stage/partition_state_reader.hpp"
#include "millrace/stage/update_state_reader.hpp"

#include <concepts>
#include <functional>
#include <source_location>
#include <tuple>

namespace millrace {

/// The stream of `map_with_state`: what the function returned. `state_snapshots()` is the stream of
/// all keys with their states, in each batch.
template <class OK, class S, class E>
class state_dstream : public dstream<E> {
  using here = std::source_location;
  using chunk = state_chunk<OK, S, E>;

public:
  state_dstream(dstream<E> mapped, dstream<chunk> stage)
      : dstream<E>{std::move(mapped)}, stage_{std::move(stage)} {}

  dstream<std::pair<OK, S>> state_snapshots(here site = here::current()) const {
    using out = std::pair<OK, S>;
    auto info = stream_access::describe_new(stage_, "state_snapshots", site);
    return stream_access::narrow<out>(
        stage_, info,
        [](op_info_ptr who, consumer<out>& down) -> consumer_ptr {
          return make_part<snapshots_op<OK, S, E>>(std::move(who), down);
        },
        stream_access::node(stage_)->partitioned());
  }

  /// Of the states, which belong to a stream of their own: this stream has none.
  const state_dstream& checkpoint(duration interval, here site = here::current()) const {
    stage_.checkpoint(interval, site);
    return *this;
  }
  std::optional<duration> state_checkpoint_interval() const {
    return stream_access::node(stage_)->settings().checkpoint;
  }

private:
  dstream<chunk> stage_;
};

/// The operations of a stream of pairs that keep a state for each key from batch to batch. States
/// and their keys own their bytes. A partition in which a batch fails keeps no trace of it; but
/// where failed batches are skipped, other partitions may keep their part of one, which is warned
/// of at the start.
template <class K, class V>
class state_operations {
  using here = std::source_location;
  using pair = std::pair<K, V>;
  using owned_key = owned_t<K>;

public:
  /// For each key the new state `f(values, optional<S>) -> optional<S>`, or with the time and key
  /// before; nothing removes the key. Called for every key with a state in every batch, with no
  /// values where there are none, unless `untouched` says otherwise. The stream has all (key,
  /// state) pairs. `update_state_by_key<S>(f)`.
  template <class S, class F, partitions_for<K> P = std::uint32_t>
  dstream<std::pair<owned_key, S>>
  update_state_by_key(F f, P partitions = P{}, batch<std::pair<owned_key, S>> initial = {},
                      untouched_keys untouched = untouched_keys::call,
                      here site = here::current()) const {
    check_key();
    auto info = stream_access::describe_new(self(), "update_state_by_key", site);
    auto partitioner = checked_partitioner(self(), *info, std::move(partitions));
    auto call = [f](batch_time time, const K& key, std::vector<V>&& values,
                    std::optional<S>&& old) mutable -> std::optional<S> {
      if constexpr (std::is_invocable_v<F&, batch_time, const K&, std::vector<V>&&,
                                        std::optional<S>&&>)
        return as_state<S>(std::invoke(f, time, key, std::move(values), std::move(old)));
      else
        return as_state<S>(std::invoke(f, std::move(values), std::move(old)));
    };
    using out = std::pair<owned_key, S>;
    using reader = update_state_reader<K, V, owned_key, S, decltype(call), decltype(partitioner)>;
    typename reader::options options{untouched, std::move(initial), partitioner};
    return keeping_state(stream_access::exchange<out>(
        stream_access::builder(self()), info, {scattered(self(), partitioner)},
        state_traits(partitioner.partitions),
        [call, options](auto& who, consumer<out>& down) {
          return make_part<reader>(who, down, call, options);
        },
        partitioning_of(partitioner)));
  }

  /// The form for a whole partition: f(vector of (key, values, optional<S>)) -> range of (key,
  /// state), called once for each partition in every batch with all its keys; keys that it does not
  /// return are removed. It may return new keys, of the same partition: so the result is always
  /// partitioned as the state is, and needs no `rememberPartitioner` as in Spark.
  template <class S, class F, partitions_for<K> P = std::uint32_t>
  dstream<std::pair<owned_key, S>>
  update_state_by_partition(F f, P partitions = P{}, batch<std::pair<owned_key, S>> initial = {},
                            here site = here::current()) const {
    check_key();
    auto info = stream_access::describe_new(self(), "update_state_by_partition", site);
    auto partitioner = checked_partitioner(self(), *info, std::move(partitions));
    using out = std::pair<owned_key, S>;
    using reader = partition_state_reader<K, V, owned_key, S, F, decltype(partitioner)>;
    return keeping_state(stream_access::exchange<out>(
        stream_access::builder(self()), info, {scattered(self(), partitioner)},
        state_traits(partitioner.partitions),
        [f, initial, partitioner](auto& who, consumer<out>& down) {
          return make_part<reader>(who, down, f, initial, partitioner);
        },
        partitioning_of(partitioner)));
  }

  /// What the function of the spec returns for each record, given the state of its key:
  /// `map_with_state(state_spec<S>(f).timeout(10s))`.
  template <class S, class F, class Initial, class P>
  auto map_with_state(const state_spec_of<S, F, Initial, P>& spec,
                      here site = here::current()) const {
    check_key();
    auto info = stream_access::describe_new(self(), "map_with_state", site);
    auto partitioner = checked_partitioner(self(), *info, spec.partitions());
    if (spec.idle_timeout())
      check_positive(*info, "timeout", *spec.idle_timeout());
    auto call = [f = spec.function()](batch_time time, const K& key, std::optional<V> v,
                                      state<S>& s) mutable {
      if constexpr (std::is_invocable_v<F&, batch_time, const K&, std::optional<V>, state<S>&>)
        return as_optional(std::invoke(f, time, key, std::move(v), s));
      else
        return as_optional(std::invoke(f, key, std::move(v), s));
    };
    using result =
        std::invoke_result_t<decltype(call)&, batch_time, const K&, std::optional<V>, state<S>&>;
    using mapped = typename result::value_type;
    using chunk = state_chunk<owned_key, S, mapped>;
    using reader =
        map_with_state_reader<K, V, owned_key, S, mapped, decltype(call), decltype(partitioner)>;
    typename reader::options options{spec.idle_timeout(), {}, partitioner};
    if constexpr (!std::is_same_v<Initial, std::monostate>)
      options.initial = spec.initial();
    auto stage = stream_access::exchange<chunk>(
        stream_access::builder(self()), info, {scattered(self(), partitioner)},
        state_traits(partitioner.partitions),
        [call, options](auto& who, consumer<chunk>& down) {
          return make_part<reader>(who, down, call, options);
        },
        partitioning_of(partitioner));
    stream_access::node(stage)->settings().default_checkpoint =
        stream_access::node(stage)->slide() * 10;
    auto records = stream_access::narrow<mapped>(
        stage, info, [](op_info_ptr who, consumer<mapped>& down) -> consumer_ptr {
          return make_part<mapped_op<owned_key, S, mapped>>(std::move(who), down);
        });
    return state_dstream<owned_key, S, mapped>{records, stage};
  }

private:
  const dstream<pair>& self() const { return static_cast<const dstream<pair>&>(*this); }

  static constexpr void check_key() {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    static_assert(std::is_constructible_v<K, const owned_key&>,
                  "a key that holds views must be made owned first: map the stream with to_owned");
  }

  static constexpr exchange_traits state_traits(std::uint32_t partitions) {
    return {.partitions = partitions,
            .absorbs_absence = true,
            .works_when_empty = true,
            .keeps_state = true};
  }

  template <class S, class Result>
  static std::optional<S> as_state(Result&& result) {
    static_assert(
        stored_as<Result, std::optional<S>>,
        "the function of update_state_by_key<S> must return an optional<S> or an S; nothing "
        "else is converted, so state the type in the function: `-> std::optional<S>`");
    return as_stored<std::optional<S>>(std::forward<Result>(result));
  }

  template <class E>
  static std::optional<E> as_optional(std::optional<E>&& result) {
    return std::move(result);
  }
  template <class E>
  static std::optional<std::decay_t<E>> as_optional(E&& result) {
    return std::optional<std::decay_t<E>>{std::forward<E>(result)};
  }
};

} // namespace millrace
