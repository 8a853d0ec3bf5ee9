#pragma once

#include "millrace/flow/graph_builder.hpp"
#include "millrace/flow/output_handle.hpp"
#include "millrace/plan/typed_node.hpp"

#include <memory>
#include <source_location>
#include <utility>
#include <vector>

namespace millrace {

template <class T>
class dstream;

/// What the classes of operations see of a stream, and how they make new ones.
struct stream_access {
  template <class T>
  static const node_ptr& node(const dstream<T>& s) {
    return s.node_;
  }
  template <class T>
  static const std::shared_ptr<graph_builder>& builder(const dstream<T>& s) {
    return s.builder_;
  }
  template <class T>
  static std::shared_ptr<op_info> describe_new(const dstream<T>& s, const char* operation,
                                               const std::source_location& site) {
    return s.builder_->describe_new(operation, site);
  }

  /// `make(info, down)` returns the operator. `keys`: where equal keys are in the new stream.
  template <class Out, class T, class Make>
  static dstream<Out> narrow(const dstream<T>& from, std::shared_ptr<op_info> info, Make make,
                             partitioning keys = {}) {
    auto at = make_part<narrow_node<Out, Make>>(from.builder_->graph().next_id(), std::move(info),
                                                from.node_, std::move(make));
    return {from.builder_, add(*from.builder_, std::move(at), std::move(keys), duration{0})};
  }

  template <class T, class MakeWriter, class MakeSink>
  static output_handle output(const dstream<T>& from, const char* operation,
                              const std::source_location& site, MakeWriter writer, MakeSink sink) {
    return from.output(operation, site, std::move(writer), std::move(sink));
  }

  /// Makes `inner` a part of the operation that `outer` comes from: it is named when that is.
  template <class Inner, class Outer>
  static Outer as_part(const dstream<Inner>& inner, Outer outer) {
    inner.node_->settings().part_of = outer.node_->info();
    return outer;
  }

  /// `slide` zero: that of the first parent.
  template <class Out, class MakeReader>
  static dstream<Out> exchange(const std::shared_ptr<graph_builder>& builder,
                               std::shared_ptr<op_info> info, std::vector<exchange_parent> parents,
                               exchange_traits traits, MakeReader reader, partitioning keys = {},
                               duration slide = duration{0}) {
    using made = typed_exchange_node<Out, MakeReader>;
    auto at = make_part<made>(builder->graph().next_id(), std::move(info), std::move(parents),
                              traits, std::move(reader));
    return {builder, add(*builder, std::move(at), std::move(keys), slide)};
  }

private:
  static node_ptr add(graph_builder& builder, std::unique_ptr<class node> made, partitioning keys,
                      duration slide);
};

} // namespace millrace
