#pragma once

#include "millrace/eventtime/keyed_event_window.hpp"
#include "millrace/eventtime/session_windows.hpp"
#include "millrace/eventtime/window_spec.hpp"
#include "millrace/flow/checks.hpp"
#include "millrace/flow/keyed_exchange.hpp"
#include "millrace/op/map.hpp"
#include "millrace/stage/chunk_part.hpp"
#include "millrace/stage/event_window_reader.hpp"
#include "millrace/stage/interval_join_reader.hpp"

#include <functional>
#include <source_location>
#include <utility>

namespace millrace {

/// The results of windows by event time: (key, windowed result) each time a window fires.
/// `late_records()` is the stream of the records that came too late for any window; those that
/// nobody asks for are dropped.
template <class K, class V, class C>
class event_results : public dstream<std::pair<owned_t<K>, windowed<C>>> {
  using here = std::source_location;
  using result = std::pair<owned_t<K>, windowed<C>>;
  using late = timestamped<std::pair<K, V>>;
  using chunk = event_chunk<result, late>;

public:
  event_results(dstream<result> results, dstream<chunk> stage)
      : dstream<result>{std::move(results)}, stage_{std::move(stage)} {}

  dstream<late> late_records(here site = here::current()) const {
    auto info = stream_access::describe_new(stage_, "late_records", site);
    return stream_access::narrow<late>(
        stage_, info, [](op_info_ptr who, consumer<late>& down) -> consumer_ptr {
          return make_part<chunk_part_op<chunk, late, &chunk::late>>(std::move(who), down);
        });
  }

private:
  dstream<chunk> stage_;
};

template <class T>
class event_dstream;

/// A stream of pairs divided into windows by event time, waiting to be told what to make of them.
/// Results own their bytes; the function of a reduction must be associative, and commutative
/// because records of a window may come in any order.
template <class K, class V>
class event_windows {
  using here = std::source_location;
  using value = owned_t<V>;

public:
  event_windows(event_dstream<std::pair<K, V>> from, window_spec spec, event_window_options options)
      : from_{std::move(from)}, spec_{spec}, options_{options} {}

  template <class F, partitions_for<K> P = std::uint32_t>
  auto reduce_by_key(F f, P partitions = P{}, here site = here::current()) const {
    check_reduces<F, value>();
    return made<value>("reduce_by_key", reduction_by(std::move(f)), std::move(partitions), site);
  }

  /// `create(value) -> C`, `merge_value(C, value) -> C`, `merge_combiners(C, C) -> C`; as for
  /// `combine_by_key`, C is what `create` returns.
  template <class Create, class MergeValue, class MergeCombiners,
            partitions_for<K> P = std::uint32_t>
  auto aggregate_by_key(Create create, MergeValue merge_value, MergeCombiners merge_combiners,
                        P partitions = P{}, here site = here::current()) const {
    using combiner = std::decay_t<std::invoke_result_t<Create&, V>>;
    check_combines<MergeValue, combiner, V>();
    check_combines<MergeCombiners, combiner, combiner>();
    return made<combiner>(
        "aggregate_by_key",
        aggregation_by(std::move(create), std::move(merge_value), std::move(merge_combiners)),
        std::move(partitions), site);
  }

  template <partitions_for<K> P = std::uint32_t>
  auto count_by_key(P partitions = P{}, here site = here::current()) const {
    return made<std::int64_t>("count_by_key", counting(), std::move(partitions), site);
  }

  template <partitions_for<K> P = std::uint32_t>
  auto group_by_key(P partitions = P{}, here site = here::current()) const {
    return made<std::vector<value>>("group_by_key", grouping(), std::move(partitions), site);
  }

private:
  // The functions of the windows know nothing of how keys are divided, so that windows of one
  // function are compiled once and not once for each type of partitioner.
  template <class F>
  static auto reduction_by(F f) {
    auto add = [f](value& sum, const V& v) mutable { reduce_into<value>(f, sum, to_owned(v)); };
    auto merge = [f](value& sum, const value& v) mutable { reduce_into<value>(f, sum, value(v)); };
    return aggregator{[](const V& v) { return to_owned(v); }, add, merge};
  }

  template <class Create, class MergeValue, class MergeCombiners>
  static auto aggregation_by(Create create, MergeValue merge_value,
                             MergeCombiners merge_combiners) {
    using combiner = std::decay_t<std::invoke_result_t<Create&, V>>;
    auto add = [merge_value](combiner& c, const V& v) mutable {
      c = as_stored<combiner>(std::invoke(merge_value, std::move(c), v));
    };
    auto merge = [merge_combiners](combiner& c, const combiner& other) mutable {
      c = as_stored<combiner>(std::invoke(merge_combiners, std::move(c), other));
    };
    return aggregator{std::move(create), add, merge};
  }

  static auto counting() {
    auto merge = [](std::int64_t& n, std::int64_t more) { n += more; };
    auto count = [](std::int64_t& n, const V&) { ++n; };
    return aggregator{[](const V&) { return std::int64_t{1}; }, count, merge};
  }

  static auto grouping() {
    using group = std::vector<value>;
    auto append = [](group& g, const V& v) { g.push_back(value(v)); };
    auto concatenate = [](group& g, const group& more) {
      g.insert(g.end(), more.begin(), more.end());
    };
    return aggregator{[](const V& v) { return group{value(v)}; }, append, concatenate};
  }

  template <class C, class Functions>
  auto make_reader(Functions functions) const;

  template <class C, class Functions, class P>
  event_results<K, V, C> made(const char* operation, Functions functions, P partitions,
                              here site) const;

  event_dstream<std::pair<K, V>> from_;
  window_spec spec_;
  event_window_options options_;
};

/// A stream whose records have event times: made by `assign_timestamps`, for operations that go by
/// when things happened rather than by when they arrived.
///
/// Only streams of pairs have windows and interval joins by event time: these go by key. For one
/// result over all records give every record the same key before `assign_timestamps`.
///
/// The watermark of a batch - the promise that nothing earlier will come - is the greatest event
/// time of all batches up to this one, less the allowed disorder. It is the same in all partitions.
template <class T>
class event_dstream {
public:
  event_dstream(dstream<timestamped<T>> records, watermark_options options)
      : records_{std::move(records)}, options_{options} {}

  const dstream<timestamped<T>>& records() const { return records_; }
  const watermark_options& watermarks() const { return options_; }

private:
  dstream<timestamped<T>> records_;
  watermark_options options_;
};

template <class K, class V>
class event_dstream<std::pair<K, V>> {
  using here = std::source_location;
  using pair = std::pair<K, V>;

public:
  event_dstream(dstream<timestamped<pair>> records, watermark_options options)
      : records_{std::move(records)}, options_{options} {}

  const dstream<timestamped<pair>>& records() const { return records_; }
  const watermark_options& watermarks() const { return options_; }

  /// `window(window_spec::tumbling(10s))`, `sliding(30s, 10s)`, `session(30s)`. A window fires when
  /// the watermark passes its end, and again with late records while `allowed_lateness` lasts.
  event_windows<K, V> window(const window_spec& spec, event_window_options options = {},
                             here site = here::current()) const {
    for_operation(*stream_access::describe_new(records_, "window", site),
                  [&] { validate(options); });
    return {*this, spec, options};
  }

  /// (key, (left, right)) for every pair of records of one key with
  /// left.time + lower <= right.time <= left.time + upper, in the batch of the later one.
  template <class W, partitions_for<K> P = std::uint32_t>
  auto interval_join(const event_dstream<std::pair<K, W>>& other, duration lower, duration upper,
                     P partitions = P{}, interval_join_options bounds = {},
                     here site = here::current()) const;

private:
  dstream<timestamped<pair>> records_;
  watermark_options options_;
};

/// Base class of dstream<T>.
template <class T>
class event_operations {
  using here = std::source_location;

public:
  /// `f(record)` is the event time of a record. A record may come up to `max_out_of_orderness`
  /// after a later one without being late. What comes out has windows and joins by event time if
  /// the records are pairs, since both go by key.
  template <class F>
  requires std::convertible_to<std::invoke_result_t<F&, const T&>, event_time>
  event_dstream<T> assign_timestamps(F f, duration max_out_of_orderness,
                                     here site = here::current()) const {
    return assign_timestamps(std::move(f), watermark_options{max_out_of_orderness, {}}, site);
  }

  template <class F>
  requires std::convertible_to<std::invoke_result_t<F&, const T&>, event_time>
  event_dstream<T> assign_timestamps(F f, watermark_options options,
                                     here site = here::current()) const {
    for_operation(*stream_access::describe_new(self(), "assign_timestamps", site),
                  [&] { watermark{options}; });
    auto stamped = self().map(
        [f](T record) mutable {
          event_time when = std::invoke(f, std::as_const(record));
          return timestamped<T>{when, std::move(record)};
        },
        site);
    return {stamped, options};
  }

private:
  const dstream<T>& self() const { return static_cast<const dstream<T>&>(*this); }
};

namespace detail {
template <class K, class V, class P>
exchange_parent event_parent(const event_dstream<std::pair<K, V>>& stream, const P& partitioner) {
  return {stream_access::node(stream.records()),
          [partitioner, options = stream.watermarks()](auto& who) {
            return make_part<event_writer<K, V, P>>(who, partitioner, options);
          }};
}
} // namespace detail

template <class K, class V>
template <class C, class Functions>
auto event_windows<K, V>::make_reader(Functions functions) const {
  using chunk = event_chunk<std::pair<owned_t<K>, windowed<C>>, timestamped<std::pair<K, V>>>;
  return [functions, marks = from_.watermarks(), spec = spec_,
          options = options_](auto& who, consumer<chunk>& down) -> std::unique_ptr<stage_reader> {
    auto read_with = [&]<class Windows>(std::type_identity<Windows>) {
      return make_part<event_window_reader<K, V, owned_t<K>, C, Windows>>(
          who, down, marks, [=](hash_seed seed) {
            return std::make_unique<Windows>(spec, functions, seed, options);
          });
    };
    if (spec.is_session())
      return read_with(std::type_identity<session_windows<K, C, Functions>>{});
    return read_with(std::type_identity<keyed_event_window<K, C, Functions>>{});
  };
}

template <class K, class V>
template <class C, class Functions, class P>
event_results<K, V, C> event_windows<K, V>::made(const char* operation, Functions functions,
                                                 P partitions, here site) const {
  static_assert(keyable<K>,
                "the key type needs a hash (std::hash or millrace_hash) and operator==");
  auto& stream = from_.records();
  auto info = stream_access::describe_new(stream, operation, site);
  auto partitioner = checked_partitioner(stream, *info, std::move(partitions));
  using result = std::pair<owned_t<K>, windowed<C>>;
  using late = timestamped<std::pair<K, V>>;
  using chunk = event_chunk<result, late>;
  exchange_traits traits{.partitions = partitioner.partitions,
                         .absorbs_absence = true,
                         .works_when_empty = true,
                         .keeps_state = true};
  auto stage = stream_access::exchange<chunk>(
      stream_access::builder(stream), info, {detail::event_parent(from_, partitioner)}, traits,
      make_reader<C>(std::move(functions)), partitioning_of(partitioner));
  auto results = stream_access::narrow<result>(
      stage, info, [](op_info_ptr who, consumer<result>& down) -> consumer_ptr {
        return make_part<chunk_part_op<chunk, result, &chunk::results>>(std::move(who), down);
      });
  return {results, stage};
}

template <class K, class V>
template <class W, partitions_for<K> P>
auto event_dstream<std::pair<K, V>>::interval_join(const event_dstream<std::pair<K, W>>& other,
                                                   duration lower, duration upper, P partitions,
                                                   interval_join_options bounds, here site) const {
  static_assert(keyable<K>,
                "the key type needs a hash (std::hash or millrace_hash) and operator==");
  auto info = stream_access::describe_new(records_, "interval_join", site);
  auto partitioner = checked_partitioner(records_, *info, std::move(partitions));
  check_together(*info,
                 {{stream_access::builder(records_), stream_access::node(records_)},
                  {stream_access::builder(other.records()), stream_access::node(other.records())}});
  for_operation(*info, [&] { validate_interval_join(lower, upper, bounds); });
  using reader = interval_join_reader<K, V, W>;
  using out = typename reader::value_type;
  typename reader::options options{lower, upper, options_, other.watermarks(), bounds};
  exchange_traits traits{.partitions = partitioner.partitions,
                         .absorbs_absence = true,
                         .works_when_empty = true,
                         .keeps_state = true};
  return stream_access::exchange<out>(
      stream_access::builder(records_), info,
      {detail::event_parent(*this, partitioner), detail::event_parent(other, partitioner)}, traits,
      [options](auto& who, consumer<out>& down) { return make_part<reader>(who, down, options); },
      partitioning_of(partitioner));
}

} // namespace millrace
