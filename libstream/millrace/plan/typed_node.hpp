#pragma once

#include "millrace/op/fan_out.hpp"
#include "millrace/plan/node.hpp"

#include <utility>

namespace millrace {

template <class T>
consumer_ptr make_typed_fan_out(const std::vector<consumer_base*>& targets) {
  std::vector<consumer<T>*> typed;
  for (auto* target : targets)
    typed.push_back(static_cast<consumer<T>*>(target));
  return std::make_unique<fan_out<T>>(std::move(typed));
}

/// A node whose stream has elements of type T.
template <class T>
class node_of : public node {
public:
  using node::node;

  consumer_ptr make_fan_out(const std::vector<consumer_base*>& targets) const override {
    return make_typed_fan_out<T>(targets);
  }
};

/// A narrow operation: `make(info, down)` returns its operator.
template <class Out, class Make>
class narrow_node final : public node_of<Out> {
public:
  narrow_node(node_id id, std::shared_ptr<op_info> info, node_ptr parent, Make make)
      : node_of<Out>{id, std::move(info), {std::move(parent)}}, make_{std::move(make)} {}

  node_role role() const noexcept override { return node_role::narrow; }
  consumer_ptr make_op(consumer_base& down) const override {
    return make_(this->info(), static_cast<consumer<Out>&>(down));
  }

private:
  Make make_;
};

/// A union: no operator of its own, its children are attached to every parent.
template <class T>
class merge_node final : public node_of<T> {
public:
  using node_of<T>::node_of;
  node_role role() const noexcept override { return node_role::merge; }
};

/// An exchange into `partitions` partitions: `make_writer(info)` upstream, `make_reader(info,
/// down)` downstream.
template <class Out, class MakeWriter, class MakeReader>
class exchange_node final : public node_of<Out> {
public:
  exchange_node(node_id id, std::shared_ptr<op_info> info, node_ptr parent,
                std::uint32_t partitions, MakeWriter make_writer, MakeReader make_reader)
      : node_of<Out>{id, std::move(info), {std::move(parent)}}, partitions_{partitions},
        make_writer_{std::move(make_writer)}, make_reader_{std::move(make_reader)} {}

  node_role role() const noexcept override { return node_role::exchange; }
  std::uint32_t partitions() const noexcept override { return partitions_; }
  std::unique_ptr<exchange_writer> make_writer() const override {
    return make_writer_(this->info());
  }
  std::unique_ptr<stage_reader> make_reader(consumer_base& down) const override {
    return make_reader_(this->info(), static_cast<consumer<Out>&>(down));
  }

private:
  std::uint32_t partitions_;
  MakeWriter make_writer_;
  MakeReader make_reader_;
};

/// An output operation: `make_writer()` at the end of the stage, `make_sink(info)` where the user's
/// function runs.
template <class MakeWriter, class MakeSink>
class output_node final : public node {
public:
  output_node(node_id id, std::shared_ptr<op_info> info, node_ptr parent, MakeWriter make_writer,
              MakeSink make_sink)
      : node{id, std::move(info), {std::move(parent)}}, make_writer_{std::move(make_writer)},
        make_sink_{std::move(make_sink)} {}

  node_role role() const noexcept override { return node_role::output; }
  std::unique_ptr<exchange_writer> make_writer() const override { return make_writer_(); }
  std::unique_ptr<output_sink> make_sink() const override { return make_sink_(this->info()); }

private:
  MakeWriter make_writer_;
  MakeSink make_sink_;
};

} // namespace millrace
