#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/aggregate_operations.hpp"
#include "runtime/random/operations/sketch_operations.hpp"

namespace millrace::test {

void add_summary_group(operation_list& to) {
  add_aggregate_operations(to);
  add_sketch_operations(to);
}

} // namespace millrace::test
