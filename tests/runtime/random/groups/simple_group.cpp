#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/number_operations.hpp"
#include "runtime/random/operations/text_operations.hpp"

namespace millrace::test {

void add_simple_group(operation_list& to) {
  add_number_maps(to);
  add_number_partitions(to);
  add_numbers_to_pairs(to);
  add_view_operations(to);
  add_views_to_others(to);
  add_text_operations(to);
}

} // namespace millrace::test
