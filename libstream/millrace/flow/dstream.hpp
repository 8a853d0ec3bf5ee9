#pragma once

#include "millrace/chunk/batch.hpp"
#include "millrace/flow/graph_builder.hpp"
#include "millrace/flow/operations/aggregate_operations.hpp"
#include "millrace/flow/operations/event_operations.hpp"
#include "millrace/flow/operations/output_operations.hpp"
#include "millrace/flow/operations/persistence_operations.hpp"
#include "millrace/flow/operations/transform_operations.hpp"
#include "millrace/flow/operations/window_operations.hpp"
#include "millrace/flow/output_sinks.hpp"
#include "millrace/flow/pair_operations.hpp"
#include "millrace/op/filter.hpp"
#include "millrace/op/map.hpp"
#include "millrace/op/map_partitions.hpp"
#include "millrace/op/split.hpp"
#include "millrace/stage/fold.hpp"
#include "millrace/stage/scatter.hpp"

#include <functional>
#include <iostream>
#include <source_location>
#include <type_traits>
#include <utility>

namespace millrace {

class basic_stream_context;

namespace detail {
/// Whether records of both types have a key, and of one type.
template <class From, class To>
inline constexpr bool same_keys = false;
template <class K, class V, class W>
inline constexpr bool same_keys<std::pair<K, V>, std::pair<K, W>> = true;
} // namespace detail

/// A discretized stream of T: in each batch interval, a partitioned collection of T.
///
/// A cheap handle, to be stored and passed by value. Operations add to the job's graph and can be
/// called until the context starts; they throw stream_error naming the operation and its place when
/// they cannot. Functions given to operations are copied for every partition and run on several
/// threads at once; they get records as rvalues, so they take them by value or by const reference.
/// A view in what they return looks into text that a view in the record looks into, or that
/// outlives the job: bytes that the record owns go soon after the call. Names and meanings are
/// those of Spark's DStream.
template <class T>
class dstream : public pair_operations<T>,
                public window_operations<T>,
                public transform_operations<T>,
                public output_operations<T>,
                public persistence_operations<T>,
                public event_operations<T>,
                public aggregate_operations<T> {
  static_assert(!std::is_same_v<T, bool>,
                "a stream of bool has no contiguous records: use char or an enum instead");

  using here = std::source_location;

public:
  using value_type = T;

  dstream(std::shared_ptr<graph_builder> builder, node_ptr at)
      : builder_{std::move(builder)}, node_{std::move(at)} {}

  /// Names this stream in messages, listeners and metrics; before start. What is kept of it beyond
  /// the process is kept under that name, which must be unique among the streams and outputs of
  /// the job; without one it is kept under what the operations up to here are, so that a change of
  /// those makes another stream of it.
  dstream& name(std::string text, here site = here::current()) {
    builder_->set_name(*node_->info(), std::move(text), site);
    return *this;
  }

  /// The time between two batches of this stream: the batch interval, or a multiple of it behind a
  /// window that slides more slowly.
  duration slide_duration() const noexcept { return node_->slide(); }

  // -- one to one and one to many ---

  /// f(record) -> record of the new stream.
  template <class F>
  auto map(F f, here site = here::current()) const {
    using out = std::decay_t<std::invoke_result_t<F&, T&&>>;
    return narrow<out>("map", site, [f](op_info_ptr info, consumer<out>& down) -> consumer_ptr {
      return make_part<map_op<T, out, F>>(std::move(info), down, f);
    });
  }

  /// Pieces of text: `flat_map(split(' '))`, `flat_map(words())`, `flat_map(lines())`.
  auto flat_map(text_splitter how, here site = here::current()) const
  requires std::is_same_v<T, std::string_view>
  {
    return narrow<std::string_view>(
        "flat_map", site,
        [how](op_info_ptr info, consumer<std::string_view>& down) -> consumer_ptr {
          return make_part<split_op>(std::move(info), down, how);
        });
  }

  /// f(record) -> a range, whose elements are the records of the new stream.
  template <class F>
  requires std::invocable<F&, T&&> && std::ranges::input_range<std::invoke_result_t<F&, T&&>>
  auto flat_map(F f, here site = here::current()) const {
    using out = std::ranges::range_value_t<std::invoke_result_t<F&, T&&>>;
    return flat_map_with<out>("flat_map", emit_range<F>{std::move(f)}, site);
  }

  /// f(record, emit) calls `emit(value)` any number of times: `flat_map<Out>(f)`.
  template <class Out, class F>
  requires std::invocable<F&, T&&, emitter<Out>&>
  auto flat_map(F f, here site = here::current()) const {
    return flat_map_with<Out>("flat_map", std::move(f), site);
  }

  /// Keeps the records for which f(record) is true.
  template <class F>
  requires std::predicate<F&, const T&>
  auto filter(F f, here site = here::current()) const {
    return narrow<T>(
        "filter", site,
        [f](op_info_ptr info, consumer<T>& down) -> consumer_ptr {
          return make_part<filter_op<T, F>>(std::move(info), down, f);
        },
        node_->partitioned());
  }

  /// f(records of one partition) -> a range of new records. With `preserve_partitioning` the caller
  /// promises that f leaves each key in the partition where it found it, so that a following keyed
  /// operation need not move the records again; it says nothing where the key type changes.
  template <class F>
  requires std::invocable<F&, std::vector<T>&>
  auto map_partitions(F f, bool preserve_partitioning = false, here site = here::current()) const {
    using out = std::ranges::range_value_t<std::invoke_result_t<F&, std::vector<T>&>>;
    const bool keeps = preserve_partitioning && detail::same_keys<T, out>;
    return partitions_with<out>("map_partitions", emit_range<F>{std::move(f)}, site,
                                keeps ? node_->partitioned() : partitioning{});
  }

  /// One vector for each partition.
  auto glom(here site = here::current()) const {
    return partitions_with<std::vector<T>>(
        "glom", [](std::vector<T>& records, auto& emit) { emit(std::move(records)); }, site, {});
  }

  // -- several streams ---

  /// The records of both streams, this one's partitions first.
  dstream union_with(const dstream& other, here site = here::current()) const {
    return unite(builder_, {*this, other}, site);
  }

  /// The records of all streams, in order. All must belong to the context of `builder`.
  static dstream unite(const std::shared_ptr<graph_builder>& builder,
                       const std::vector<dstream>& streams, here site) {
    if (streams.empty())
      throw stream_error{errc::invalid_argument, "List of DStreams to union is empty: union at " +
                                                     to_string(source_site{site})};
    auto info = builder->describe_new("union", site);
    std::vector<node_ptr> parents;
    std::vector<checked_stream> checked;
    for (auto& s : streams) {
      checked.push_back({s.builder_, s.node_});
      parents.push_back(s.node_);
    }
    check_together(*info, checked, *builder);
    auto keys = parents.front()->partitioned();
    for (auto& p : parents)
      if (!(p->partitioned() == keys))
        keys = {};
    auto merged =
        std::make_shared<merge_node<T>>(builder->graph().next_id(), info, std::move(parents));
    merged->set_partitioned(std::move(keys));
    builder->graph().add(merged);
    return {builder, merged};
  }

  // -- whole batches ---

  /// Exactly `partitions` partitions of nearly equal size.
  dstream repartition(std::uint32_t partitions, here site = here::current()) const {
    auto info = builder_->describe_new("repartition", site);
    builder_->check_partitions(partitions, *info);
    return exchange<T>(
        info, partitions, [n = partitions](auto&) { return make_part<deal_writer<T>>(n); },
        [](auto&, consumer<T>& down) { return make_part<records_reader<T>>(down); });
  }

  /// One record: the number of records in the batch; 0 for an empty batch.
  dstream<std::int64_t> count(here site = here::current()) const {
    return exchange<std::int64_t>(
        builder_->describe_new("count", site), 1,
        [](auto&) { return make_part<count_writer<T>>(); },
        [](auto&, consumer<std::int64_t>& down) { return make_part<count_reader>(down); });
  }

  /// (value, how often) for each different record of the batch.
  auto count_by_value(std::uint32_t partitions = 0, here site = here::current()) const {
    static_assert(keyable<T>,
                  "the record type needs a hash (std::hash or millrace_hash) and operator==");
    return map(
               [](const T& value) {
                 return std::pair<T, std::int64_t>{value, 1};
               },
               site)
        .combined("count_by_value", reduction<std::int64_t>(std::plus<std::int64_t>{}), partitions,
                  site);
  }

  /// One record f(f(a, b), c)...; none for an empty batch. f must be associative and commutative.
  /// Where records hold views and f returns what owns its text, so does the result.
  template <class F>
  auto reduce(F f, here site = here::current()) const {
    check_reduces<F, T>();
    using out = reduced_t<F, T>;
    return exchange<out>(
        builder_->describe_new("reduce", site), 1,
        [f](auto& info) { return make_part<reduce_writer<T, F>>(info, f); },
        [f](auto& info, consumer<out>& down) {
          return make_part<reduce_reader<T, F>>(info, down, f);
        });
  }

  // -- outputs ---

  /// Prints the first `shown` records of every batch.
  output_handle print(std::size_t shown = 10, here site = here::current()) const {
    return print_to(std::cout, shown, site);
  }

  /// As `print`, to a stream that outlives the job and that nothing else writes to meanwhile. When
  /// the stream fails, the output has failed: it is tried again, and then the batch has failed.
  output_handle print_to(std::ostream& to, std::size_t shown = 10,
                         here site = here::current()) const {
    return output(
        "print", site,
        [limit = std::max(shown, shown + 1)] { return make_part<collect_writer<T>>(limit); },
        [shown, &to](auto& info) { return make_part<print_sink<owned_t<T>>>(info, shown, to); });
  }

  /// Calls f(batch) or f(batch, time) for every batch, in order, one call at a time, with owned
  /// records. If f throws, it is called again up to the option stream.task_max_failures.
  template <class F>
  requires std::invocable<F&, const batch<owned_t<T>>&, batch_time> ||
           std::invocable<F&, const batch<owned_t<T>>&>
  output_handle for_each_batch(F f, here site = here::current()) const {
    return output(
        "for_each_batch", site, [] { return make_part<collect_writer<T>>(); },
        [f](auto& info) { return make_part<for_each_batch_sink<owned_t<T>, F>>(info, f); });
  }

  /// Keeps the results of all batches in `to`, which must outlive the job: for tests.
  output_handle collect_into(collector<owned_t<T>>& to, here site = here::current()) const {
    return output(
        "collect_into", site, [] { return make_part<collect_writer<T>>(); },
        [&to](auto&) { return make_part<collect_sink<owned_t<T>>>(to); });
  }

private:
  template <class>
  friend class dstream;
  template <class>
  friend class pair_operations;
  friend class basic_stream_context;
  friend struct stream_access;

  template <class Out, class Make>
  dstream<Out> narrow(std::string operation, here site, Make make, partitioning keys = {}) const {
    auto info = builder_->describe_new(std::move(operation), site);
    return stream_access::narrow<Out>(*this, std::move(info), std::move(make), std::move(keys));
  }

  template <class Out, class F>
  dstream<Out> flat_map_with(std::string operation, F f, here site, partitioning keys = {}) const {
    return narrow<Out>(
        std::move(operation), site,
        [f](op_info_ptr info, consumer<Out>& down) -> consumer_ptr {
          return make_part<flat_map_emit_op<T, Out, F>>(std::move(info), down, f);
        },
        std::move(keys));
  }

  template <class Out, class F>
  dstream<Out> partitions_with(std::string operation, F f, here site, partitioning keys) const {
    return narrow<Out>(
        std::move(operation), site,
        [f](op_info_ptr info, consumer<Out>& down) -> consumer_ptr {
          return make_part<map_partitions_op<T, Out, F>>(std::move(info), down, f);
        },
        std::move(keys));
  }

  template <class Out, class MakeWriter, class MakeReader>
  dstream<Out> exchange(std::shared_ptr<op_info> info, std::uint32_t partitions, MakeWriter writer,
                        MakeReader reader) const {
    return stream_access::exchange<Out>(builder_, std::move(info),
                                        {{node_, std::move(writer), false}}, {partitions},
                                        std::move(reader));
  }

  template <class MakeWriter, class MakeSink>
  output_handle output(std::string operation, here site, MakeWriter writer, MakeSink sink) const {
    auto info = builder_->describe_new(std::move(operation), site);
    node_ptr at = make_part<output_node<MakeWriter, MakeSink>>(
        builder_->graph().next_id(), std::move(info), node_, std::move(writer), std::move(sink));
    builder_->graph().add(at);
    return {builder_, std::move(at)};
  }

  std::shared_ptr<graph_builder> builder_;
  node_ptr node_;
};

} // namespace millrace
