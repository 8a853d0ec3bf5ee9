#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/aggregate_operations.hpp"

namespace millrace::test {

void add_aggregate_group(operation_list& to) {
  add_top_k(to);
  add_aggregates(to);
}

} // namespace millrace::test
