#pragma once

#include "millrace/flow/graph_builder.hpp"
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
    auto made = std::make_shared<narrow_node<Out, Make>>(
        from.builder_->graph().next_id(), std::move(info), from.node_, std::move(make));
    made->set_partitioned(std::move(keys));
    from.builder_->graph().add(made);
    return {from.builder_, made};
  }

  template <class T, class MakeWriter, class MakeSink>
  static void output(const dstream<T>& from, const char* operation,
                     const std::source_location& site, MakeWriter writer, MakeSink sink) {
    from.output(operation, site, std::move(writer), std::move(sink));
  }

  /// `slide` zero: that of the first parent.
  template <class Out>
  static dstream<Out> exchange(const std::shared_ptr<graph_builder>& builder,
                               std::shared_ptr<op_info> info, std::vector<exchange_parent> parents,
                               exchange_traits traits,
                               typename exchange_node<Out>::reader_factory reader,
                               partitioning keys = {}, duration slide = duration{0}) {
    auto made = std::make_shared<exchange_node<Out>>(builder->graph().next_id(), std::move(info),
                                                     std::move(parents), traits, std::move(reader));
    made->set_partitioned(std::move(keys));
    made->set_slide(slide);
    builder->graph().add(made);
    return {builder, made};
  }
};

} // namespace millrace
