#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/join_operations.hpp"
#include "runtime/random/operations/keyed_operations.hpp"

namespace millrace::test {

void add_pair_group(operation_list& to) {
  add_value_operations<of_pairs>(to);
  add_combinations<of_pairs>(to);
}

void add_pair_join_group(operation_list& to) { add_joins<of_pairs>(to); }

void add_pair_static_join_group(operation_list& to) { add_static_joins<of_pairs>(to); }

} // namespace millrace::test
