#pragma once

#include "millrace/chunk/stored.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/stage/combine.hpp"
#include "millrace/stage/scatter.hpp"

#include <functional>
#include <utility>

namespace millrace {

/// The aggregator of a plain reduction of values of type V: the combiner is an R, made of the first
/// value, and both merges are f.
template <class V, class R = V, class F>
auto reduction(F f) {
  auto create = [](V&& v) { return reduce_start<R>(std::move(v)); };
  auto add = [f](R& sum, const V& v) mutable { reduce_into<V>(f, sum, v); };
  auto merge = [f](R& sum, const R& other) mutable { reduce_into<V>(f, sum, other); };
  return aggregator{create, add, merge};
}

/// The same for results that outlive their batch: everything, f's arguments too, is `owned_t<V>`.
template <class V, class F>
auto owned_reduction(F f) {
  using value = owned_t<V>;
  auto create = [](V&& v) { return reduce_start<value>(std::move(v)); };
  auto add = [f](value& sum, const V& v) mutable {
    reduce_into<value>(f, sum, reduce_start<value>(v));
  };
  auto merge = [f](value& sum, const value& other) mutable { reduce_into<value>(f, sum, other); };
  return aggregator{create, add, merge};
}

/// Whether equal keys of the stream are already where the partitioner would bring them.
template <class T, class P>
bool is_divided_by(const dstream<T>& stream, const P& partitioner) {
  auto wanted = partitioning_of(partitioner);
  return wanted.known() && stream_access::node(stream)->partitioned() == wanted;
}

/// A stream of pairs as the input of a keyed exchange of whole records. A stream that is divided
/// alike stays where it is: one message for each partition instead of one for each pair of them.
template <class K, class V, class P>
exchange_parent scattered(const dstream<std::pair<K, V>>& stream, const P& partitioner) {
  auto& from = stream_access::node(stream);
  if (is_divided_by(stream, partitioner))
    return {from,
            [](auto& who) {
              return make_part<scatter_writer<K, V, hash_partitioner>>(who, hash_partitioner{1});
            },
            true};
  return {from, [partitioner](auto& who) {
            return make_part<scatter_writer<K, V, P>>(who, partitioner);
          }};
}

/// As `scattered`, combined before it moves.
template <class C, class K, class V, class Agg, class P>
exchange_parent combined(const dstream<std::pair<K, V>>& stream, const Agg& aggregate,
                         const P& partitioner) {
  auto& from = stream_access::node(stream);
  if (is_divided_by(stream, partitioner))
    return {from,
            [aggregate](auto& who) {
              return make_part<combine_writer<K, V, C, Agg, hash_partitioner>>(who, aggregate,
                                                                               hash_partitioner{1});
            },
            true};
  return {from, [aggregate, partitioner](auto& who) {
            return make_part<combine_writer<K, V, C, Agg, P>>(who, aggregate, partitioner);
          }};
}

/// The checked number of partitions of a keyed operation, as the partitioner that it stands for.
template <class T>
hash_partitioner checked_partitioner(const dstream<T>& stream, const op_info& info,
                                     std::uint32_t partitions) {
  return {stream_access::builder(stream)->partitions_or_default(partitions, info)};
}
template <class T, class P>
P checked_partitioner(const dstream<T>& stream, const op_info& info, P partitioner)
requires(!std::convertible_to<P, std::uint32_t>)
{
  stream_access::builder(stream)->check_partitions(partitioner.partitions, info);
  return partitioner;
}

/// What a keyed operation takes to say where keys go: a number of partitions (0: the default
/// parallelism) or a partitioner such as `partition_with(n, f)`.
template <class P, class K>
concept partitions_for = std::convertible_to<P, std::uint32_t> || partitioner_for<P, K>;

} // namespace millrace
