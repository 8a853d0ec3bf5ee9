#pragma once

#include "millrace/intake/source_spec.hpp"
#include "millrace/plan/typed_node.hpp"
#include "millrace/stage/source_reader.hpp"

#include <string_view>
#include <type_traits>

namespace millrace {

/// An input stream: where its blocks come from, apart from its element type.
class source_node : public node {
public:
  source_node(node_id id, std::shared_ptr<op_info> info, stream_id stream, source_spec spec)
      : node{id, std::move(info), std::vector<node_ptr>{}},
        stream_{stream},
        spec_{std::move(spec)} {}

  node_role role() const noexcept override { return node_role::source; }
  stream_id stream() const noexcept { return stream_; }
  const source_spec& spec() const noexcept { return spec_; }

private:
  stream_id stream_;
  source_spec spec_;
};

/// An input stream of T: text blocks for `std::string_view`, typed blocks for everything else.
template <class T>
class typed_source_node final : public source_node {
public:
  using source_node::source_node;

  consumer_ptr make_fan_out(const std::vector<consumer_base*>& targets) const override {
    return make_typed_fan_out<T>(targets);
  }
  std::string element_type() const override { return type_name_of<T>(); }

  std::unique_ptr<stage_reader> make_reader(consumer_base& down) const override {
    auto& typed = static_cast<consumer<T>&>(down);
    if constexpr (std::is_same_v<T, std::string_view>)
      return make_part<text_source_reader>(typed);
    else
      return make_part<typed_source_reader<T>>(typed);
  }
};

} // namespace millrace
