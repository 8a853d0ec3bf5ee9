#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/state_operations.hpp"

namespace millrace::test {

void add_state_group(operation_list& to) {
  add_updates<of_pairs>(to);
  add_partition_updates<of_pairs>(to);
  add_mappings<of_pairs>(to);
  add_updates<of_view_pairs>(to);
  add_partition_updates<of_view_pairs>(to);
  add_mappings<of_view_pairs>(to);
}

} // namespace millrace::test
