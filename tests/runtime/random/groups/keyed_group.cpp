#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/join_operations.hpp"
#include "runtime/random/operations/keyed_operations.hpp"

namespace millrace::test {

void add_keyed_group(operation_list& to) {
  add_keyed_operations(to);
  add_join_operations(to);
}

} // namespace millrace::test
