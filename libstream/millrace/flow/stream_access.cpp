#include "millrace/flow/stream_access.hpp"

namespace millrace {

void stream_access::add(graph_builder& builder, const node_ptr& made, partitioning keys,
                        duration slide) {
  made->set_partitioned(std::move(keys));
  made->set_slide(slide);
  builder.graph().add(made);
}

} // namespace millrace
