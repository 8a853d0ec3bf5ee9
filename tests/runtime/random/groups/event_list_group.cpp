#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/event_results.hpp"

namespace millrace::test {

void add_event_list_group(operation_list& to) {
  add_fixed_windows<of_pairs>(to, event_groups());
  add_session_form(to, event_groups());
  add_fixed_windows<of_view_pairs>(to, event_groups());
}

} // namespace millrace::test
