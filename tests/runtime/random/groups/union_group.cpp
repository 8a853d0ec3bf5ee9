#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/transform_operations.hpp"

namespace millrace::test {

void add_union_group(operation_list& to) {
  add_broadcast(to);
  add_checkpoint<of_pairs>(to);
  add_union<of_numbers>(to);
  add_union<of_views>(to);
  add_union<of_texts>(to);
  add_union<of_pairs>(to);
  add_union<of_view_pairs>(to);
  add_union<of_text_pairs>(to);
  add_three_stream_operations(to);
}

void add_keeping_group(operation_list& to) {
  add_remember<of_numbers>(to);
  add_remember<of_view_pairs>(to);
  add_unpersist<of_numbers>(to);
  add_unpersist<of_text_pairs>(to);
}

} // namespace millrace::test
