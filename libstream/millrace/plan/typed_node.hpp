#pragma once

#include "millrace/codec/type_name.hpp"
#include "millrace/op/fan_out.hpp"
#include "millrace/op/op.hpp"
#include "millrace/plan/node.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace millrace {

template <class T>
consumer_ptr make_typed_fan_out(const std::vector<consumer_base*>& targets) {
  return make_part<fan_out<T>>(targets);
}

/// A node whose stream has elements of type T.
template <class T>
class node_of : public node {
public:
  using node::node;

  consumer_ptr make_fan_out(const std::vector<consumer_base*>& targets) const override {
    return make_typed_fan_out<T>(targets);
  }
  std::string element_type() const override { return type_name_of<T>(); }
};

/// A narrow operation: `make(info, down)` returns its operator.
template <class Out, class Make>
class narrow_node final : public node_of<Out> {
public:
  narrow_node(node_id id, std::shared_ptr<op_info> info, node_ptr parent, Make make)
      : node_of<Out>{id, std::move(info), std::move(parent)}, make_{std::move(make)} {}

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
  const char* needs_parents() const noexcept override {
    return "Could not generate a batch from a parent of it for unifying";
  }
};

/// One input of an exchange: the stream, what ends its stages, and whether partitions keep their
/// numbers on the way.
struct exchange_parent {
  node_ptr from;
  std::function<std::unique_ptr<exchange_writer>(const op_info_ptr&)> make_writer;
  bool aligned = false;
};

/// What the planner and the runtimes have to know of an exchange; see node.
struct exchange_traits {
  std::uint32_t partitions = 0;
  bool absorbs_absence = false;
  bool works_when_empty = false;
  bool keeps_state = false;
  const char* needs_parents = nullptr;
};

/// An exchange: the writers of its parents upstream, one reader for each partition downstream;
/// apart from its element type.
class exchange_node : public node {
public:
  exchange_node(node_id id, std::shared_ptr<op_info> info, std::vector<exchange_parent> parents,
                exchange_traits traits);
  ~exchange_node() override;

  node_role role() const noexcept override { return node_role::exchange; }
  std::uint32_t partitions() const noexcept override { return traits_.partitions; }
  bool aligned(std::size_t parent) const noexcept override { return inputs_[parent].aligned; }
  bool absorbs_absence() const noexcept override { return traits_.absorbs_absence; }
  bool works_when_empty() const noexcept override { return traits_.works_when_empty; }
  bool keeps_state() const noexcept override { return traits_.keeps_state; }
  const char* needs_parents() const noexcept override { return traits_.needs_parents; }
  std::unique_ptr<exchange_writer> make_writer(std::size_t parent) const override;

private:
  std::vector<exchange_parent> inputs_;
  exchange_traits traits_;
};

/// An exchange whose stream has elements of type Out; `make_reader(info, down)` returns a
/// stage_reader.
template <class Out, class MakeReader>
class typed_exchange_node final : public exchange_node {
public:
  typed_exchange_node(node_id id, std::shared_ptr<op_info> info,
                      std::vector<exchange_parent> parents, exchange_traits traits,
                      MakeReader make_reader)
      : exchange_node{id, std::move(info), std::move(parents), traits},
        make_reader_{std::move(make_reader)} {}

  std::unique_ptr<stage_reader> make_reader(consumer_base& down) const override {
    return make_reader_(this->info(), static_cast<consumer<Out>&>(down));
  }
  consumer_ptr make_fan_out(const std::vector<consumer_base*>& targets) const override {
    return make_typed_fan_out<Out>(targets);
  }
  std::string element_type() const override { return type_name_of<Out>(); }

private:
  MakeReader make_reader_;
};

/// An output operation: `make_writer()` at the end of the stage, `make_sink(info)` where the user's
/// function runs.
template <class MakeWriter, class MakeSink>
class output_node final : public node {
public:
  output_node(node_id id, std::shared_ptr<op_info> info, node_ptr parent, MakeWriter make_writer,
              MakeSink make_sink)
      : node{id, std::move(info), std::move(parent)},
        make_writer_{std::move(make_writer)},
        make_sink_{std::move(make_sink)} {}

  node_role role() const noexcept override { return node_role::output; }
  std::unique_ptr<exchange_writer> make_writer(std::size_t) const override {
    return make_writer_();
  }
  std::unique_ptr<output_sink> make_sink() const override { return make_sink_(this->info()); }

private:
  MakeWriter make_writer_;
  MakeSink make_sink_;
};

} // namespace millrace
