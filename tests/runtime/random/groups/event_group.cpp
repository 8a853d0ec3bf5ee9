#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/event_operations.hpp"

namespace millrace::test {

void add_event_group(operation_list& to) {
  add_event_windows<of_pairs>(to);
  add_event_windows<of_view_pairs>(to);
  add_sessions(to);
  add_interval_join(to);
}

} // namespace millrace::test
