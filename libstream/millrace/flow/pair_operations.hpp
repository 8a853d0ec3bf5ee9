#pragma once

#include "millrace/flow/operations/join_operations.hpp"
#include "millrace/flow/operations/keyed_window_operations.hpp"
#include "millrace/flow/operations/state_operations.hpp"
#include "millrace/op/flat_map.hpp"
#include "millrace/op/map.hpp"
#include "millrace/stage/group.hpp"

#include <concepts>
#include <functional>
#include <source_location>
#include <utility>
#include <vector>

namespace millrace {

/// The operations of a stream of pairs; a stream of anything else has none of them. Base class of
/// dstream<T>.
template <class T>
class pair_operations {};

/// For each keyed operation the last argument but the place is either a number of partitions (0:
/// the default parallelism) or a partitioner such as `partition_with(n, f)`.
template <class K, class V>
class pair_operations<std::pair<K, V>> : public keyed_window_operations<K, V>,
                                         public state_operations<K, V>,
                                         public join_operations<K, V> {
  using here = std::source_location;
  using pair = std::pair<K, V>;

public:
  /// f(value) -> new value; the key stays.
  template <class F>
  auto map_values(F f, here site = here::current()) const {
    using out = std::pair<K, std::decay_t<std::invoke_result_t<F&, V&&>>>;
    auto on_value = [f](pair&& p) mutable {
      return out{std::move(p.first), std::invoke(f, std::move(p.second))};
    };
    return self().template narrow<out>(
        "map_values", site,
        [on_value](op_info_ptr info, consumer<out>& down) -> consumer_ptr {
          return make_part<map_op<pair, out, decltype(on_value)>>(std::move(info), down, on_value);
        },
        self().node_->partitioned());
  }

  /// f(value) -> a range of new values; each gets the key.
  template <class F>
  requires std::ranges::input_range<std::invoke_result_t<F&, V&&>>
  auto flat_map_values(F f, here site = here::current()) const {
    using out = std::pair<K, std::ranges::range_value_t<std::invoke_result_t<F&, V&&>>>;
    return self().template flat_map_with<out>(
        "flat_map_values",
        [f](pair&& p, emitter<out>& emit) mutable {
          for (auto&& value : std::invoke(f, std::move(p.second))) {
            if constexpr (gives_elements_away<std::invoke_result_t<F&, V&&>>)
              emit(out{p.first, std::move(value)});
            else
              emit(out{p.first, value});
          }
        },
        site, self().node_->partitioned());
  }

  /// One pair for each key, with f over its values. f must be associative and commutative. Where
  /// values hold views and f returns what owns its text (`string_view`s a `string`), so do the
  /// results.
  template <class F>
  auto reduce_by_key(F f, std::uint32_t partitions = 0, here site = here::current()) const {
    check_reduces<F, V>();
    return combined("reduce_by_key", reduction<V, reduced_t<F, V>>(std::move(f)), partitions, site);
  }

  template <class F, partitioner_for<K> P>
  auto reduce_by_key(F f, P partitioner, here site = here::current()) const {
    check_reduces<F, V>();
    return combined_by("reduce_by_key", reduction<V, reduced_t<F, V>>(std::move(f)),
                       std::move(partitioner), site);
  }

  /// `create(value) -> C`, `merge_value(C, value) -> C`, `merge_combiners(C, C) -> C`; C is what
  /// `create` returns, and the others return one that needs no lossy conversion. Without map-side
  /// combining every record is moved and combined at its target.
  template <class Create, class MergeValue, class MergeCombiners>
  auto combine_by_key(Create create, MergeValue merge_value, MergeCombiners merge_combiners,
                      std::uint32_t partitions = 0, bool map_side_combine = true,
                      here site = here::current()) const {
    auto n = checked_partitions("combine_by_key", partitions, site);
    return combine_by_key(std::move(create), std::move(merge_value), std::move(merge_combiners),
                          hash_partitioner{n}, map_side_combine, site);
  }

  template <class Create, class MergeValue, class MergeCombiners, partitioner_for<K> P>
  auto combine_by_key(Create create, MergeValue merge_value, MergeCombiners merge_combiners,
                      P partitioner, bool map_side_combine = true,
                      here site = here::current()) const {
    using combiner = std::decay_t<std::invoke_result_t<Create&, V&&>>;
    check_combines<MergeValue, combiner, V>();
    check_combines<MergeCombiners, combiner, combiner>();
    auto add = [merge_value](combiner& c, V v) mutable {
      c = as_stored<combiner>(std::invoke(merge_value, std::move(c), std::move(v)));
    };
    auto merge = [merge_combiners](combiner& c, const combiner& other) mutable {
      c = as_stored<combiner>(std::invoke(merge_combiners, std::move(c), other));
    };
    aggregator aggregate{std::move(create), std::move(add), std::move(merge)};
    if (map_side_combine)
      return combined_by("combine_by_key", std::move(aggregate), std::move(partitioner), site);
    return grouped_by("combine_by_key", std::move(aggregate), std::move(partitioner), site);
  }

  /// All values of a key; those of one partition in its order, partitions in no promised order.
  auto group_by_key(std::uint32_t partitions = 0, here site = here::current()) const {
    auto n = checked_partitions("group_by_key", partitions, site);
    return group_by_key(hash_partitioner{n}, site);
  }

  template <partitioner_for<K> P>
  auto group_by_key(P partitioner, here site = here::current()) const {
    auto append = [](std::vector<V>& group, V v) { group.push_back(std::move(v)); };
    auto concatenate = [](std::vector<V>& group, const std::vector<V>& other) {
      group.insert(group.end(), other.begin(), other.end());
    };
    aggregator groups{[](V&& v) { return std::vector<V>{std::move(v)}; }, append, concatenate};
    return grouped_by("group_by_key", std::move(groups), std::move(partitioner), site);
  }

  /// The same pairs, each in the partition of its key.
  auto partition_by(std::uint32_t partitions, here site = here::current()) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    auto n = checked_partitions("partition_by", partitions, site);
    return partition_by(hash_partitioner{n}, site);
  }

  template <partitioner_for<K> P>
  auto partition_by(P partitioner, here site = here::current()) const {
    auto info = stream_access::describe_new(self(), "partition_by", site);
    auto how = checked_partitioner(self(), *info, std::move(partitioner));
    return stream_access::exchange<pair>(
        stream_access::builder(self()), info, {scattered(self(), how)}, {how.partitions},
        [](auto&, consumer<pair>& down) { return make_part<records_reader<pair>>(down); },
        partitioning_of(how));
  }

  /// For operations built on keyed combining: `operation` is the name shown to the user.
  template <class Agg>
  auto combined(const char* operation, Agg aggregate, std::uint32_t partitions, here site) const {
    auto n = checked_partitions(operation, partitions, site);
    return combined_by(operation, std::move(aggregate), hash_partitioner{n}, site);
  }

private:
  const dstream<pair>& self() const { return static_cast<const dstream<pair>&>(*this); }

  std::uint32_t checked_partitions(const char* operation, std::uint32_t partitions,
                                   here site) const {
    auto info = self().builder_->describe_new(operation, site);
    return self().builder_->partitions_or_default(partitions, *info);
  }

  template <class Agg>
  using combiner_of =
      std::decay_t<std::invoke_result_t<decltype(std::declval<Agg&>().create)&, V&&>>;

  /// Combined before the records move, and again where they meet.
  template <class Agg, class P>
  auto combined_by(const char* operation, Agg aggregate, P partitioner, here site) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    using C = combiner_of<Agg>;
    auto info = stream_access::describe_new(self(), operation, site);
    auto how = checked_partitioner(self(), *info, std::move(partitioner));
    return keyed<C, combine_reader<K, C, Agg>>(
        std::move(info), millrace::combined<C>(self(), aggregate, how), aggregate, how);
  }

  /// Combined only where the records meet.
  template <class Agg, class P>
  auto grouped_by(const char* operation, Agg aggregate, P partitioner, here site) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    using C = combiner_of<Agg>;
    auto info = stream_access::describe_new(self(), operation, site);
    auto how = checked_partitioner(self(), *info, std::move(partitioner));
    return keyed<C, group_reader<K, V, C, Agg>>(std::move(info), scattered(self(), how), aggregate,
                                                how);
  }

  template <class C, class Reader, class Agg, class P>
  dstream<std::pair<K, C>> keyed(std::shared_ptr<op_info> info, exchange_parent parent,
                                 const Agg& aggregate, const P& partitioner) const {
    using out = std::pair<K, C>;
    return stream_access::exchange<out>(
        stream_access::builder(self()), std::move(info), {std::move(parent)},
        {partitioner.partitions},
        [aggregate](auto& who, consumer<out>& down) {
          return make_part<Reader>(who, down, aggregate);
        },
        partitioning_of(partitioner));
  }
};

} // namespace millrace
