#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/keyed_window_operations.hpp"

namespace millrace::test {

void add_pair_window_group(operation_list& to) {
  add_plain_keyed_windows<of_pairs>(to);
  add_inverse_keyed_windows<of_pairs>(to);
}

void add_pair_window_without_zeros_group(operation_list& to) {
  add_inverse_window_without_zeros<of_pairs>(to);
}

} // namespace millrace::test
