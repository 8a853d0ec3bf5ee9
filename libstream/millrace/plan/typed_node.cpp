#include "millrace/plan/typed_node.hpp"

namespace millrace {

namespace {
std::vector<node_ptr> nodes_of(const std::vector<exchange_parent>& parents) {
  std::vector<node_ptr> out;
  for (auto& p : parents)
    out.push_back(p.from);
  return out;
}
} // namespace

exchange_node::exchange_node(node_id id, std::shared_ptr<op_info> info,
                             std::vector<exchange_parent> parents, exchange_traits traits)
    : node{id, std::move(info), nodes_of(parents)}, inputs_{std::move(parents)}, traits_{traits} {}

exchange_node::~exchange_node() = default;

std::unique_ptr<exchange_writer> exchange_node::make_writer(std::size_t parent) const {
  return inputs_[parent].make_writer(info());
}

} // namespace millrace
