#include "millrace/flow/stream_access.hpp"

namespace millrace {

node_ptr stream_access::add(graph_builder& builder, std::unique_ptr<class node> from,
                            partitioning keys, duration slide) {
  node_ptr made{std::move(from)};
  made->set_partitioned(std::move(keys));
  made->set_slide(slide);
  builder.graph().add(made);
  return made;
}

} // namespace millrace
