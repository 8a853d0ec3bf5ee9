#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/sketch_operations.hpp"

namespace millrace::test {

void add_sketch_group(operation_list& to) {
  add_window_sketches(to);
  add_batch_sketches(to);
}

} // namespace millrace::test
