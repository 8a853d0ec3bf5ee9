#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/event_results.hpp"

namespace millrace::test {

void add_event_result_group(operation_list& to) {
  add_fixed_windows<of_pairs>(to, event_counts());
  add_session_form(to, event_counts());
  add_fixed_windows<of_pairs>(to, event_sums());
  add_session_form(to, event_sums());
}

} // namespace millrace::test
