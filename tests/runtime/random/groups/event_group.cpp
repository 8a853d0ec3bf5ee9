#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/event_operations.hpp"
#include "runtime/random/operations/event_results.hpp"

namespace millrace::test {

void add_event_group(operation_list& to) {
  add_event_operations(to);
  add_event_results(to);
}

} // namespace millrace::test
