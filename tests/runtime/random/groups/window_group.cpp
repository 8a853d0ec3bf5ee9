#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/keyed_window_operations.hpp"
#include "runtime/random/operations/window_operations.hpp"

namespace millrace::test {

void add_window_group(operation_list& to) {
  add_window_operations(to);
  add_keyed_window_operations(to);
}

} // namespace millrace::test
