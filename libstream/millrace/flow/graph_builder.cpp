#include "millrace/flow/graph_builder.hpp"

namespace millrace {

context_state graph_builder::state() const {
  std::lock_guard guard{mutex_};
  return state_;
}

void graph_builder::set_state(context_state s) {
  std::lock_guard guard{mutex_};
  state_ = s;
}

std::shared_ptr<op_info> graph_builder::describe_new(std::string operation,
                                                     const std::source_location& site) const {
  auto info = std::make_shared<op_info>();
  info->operation = std::move(operation);
  info->site = source_site{site};
  auto now = state();
  if (now == context_state::initialised)
    return info;
  throw stream_error{errc::illegal_state,
                     "Adding new inputs, transformations, and output operations after " +
                         std::string(now == context_state::active ? "starting" : "stopping") +
                         " a context is not supported: " + describe(*info)};
}

std::uint32_t graph_builder::partitions_or_default(std::uint32_t wanted,
                                                   const op_info& info) const {
  if (wanted > max_partitions)
    throw stream_error{errc::invalid_argument, describe(info) + ": " + std::to_string(wanted) +
                                                   " partitions; at most " +
                                                   std::to_string(max_partitions) + " are allowed"};
  return wanted == 0 ? parallelism_ : wanted;
}

} // namespace millrace
