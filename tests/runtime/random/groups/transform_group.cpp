#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/transform_operations.hpp"

namespace millrace::test {

void add_transform_group(operation_list& to) {
  add_transforms(to);
  add_transforms_with(to);
}

} // namespace millrace::test
