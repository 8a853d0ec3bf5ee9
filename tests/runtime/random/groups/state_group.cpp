#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/state_operations.hpp"

namespace millrace::test {

void add_state_group(operation_list& to) { add_state_operations(to); }

} // namespace millrace::test
