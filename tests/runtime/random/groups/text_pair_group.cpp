#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/join_operations.hpp"
#include "runtime/random/operations/keyed_operations.hpp"

namespace millrace::test {

void add_text_pair_group(operation_list& to) { add_combinations<of_text_pairs>(to); }

void add_text_pair_join_group(operation_list& to) { add_joins<of_text_pairs>(to); }

} // namespace millrace::test
