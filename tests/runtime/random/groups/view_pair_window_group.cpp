#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/keyed_window_operations.hpp"

namespace millrace::test {

void add_view_pair_window_group(operation_list& to) {
  add_plain_keyed_windows<of_view_pairs>(to);
  add_inverse_keyed_windows<of_view_pairs>(to);
}

} // namespace millrace::test
