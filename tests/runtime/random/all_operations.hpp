#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test {

/// Each adds operations of its kind. They are spread over several source files, because each has
/// many templates to compile.
void add_simple_group(operation_list& to);
void add_pair_group(operation_list& to);
void add_pair_join_group(operation_list& to);
void add_pair_static_join_group(operation_list& to);
void add_view_pair_group(operation_list& to);
void add_view_pair_join_group(operation_list& to);
void add_view_pair_static_join_group(operation_list& to);
void add_text_pair_group(operation_list& to);
void add_text_pair_join_group(operation_list& to);
void add_window_group(operation_list& to);
void add_pair_window_group(operation_list& to);
void add_pair_window_without_zeros_group(operation_list& to);
void add_view_pair_window_group(operation_list& to);
void add_state_group(operation_list& to);
void add_union_group(operation_list& to);
void add_keeping_group(operation_list& to);
void add_transform_group(operation_list& to);
void add_aggregate_group(operation_list& to);
void add_sketch_group(operation_list& to);
void add_event_group(operation_list& to);
void add_event_result_group(operation_list& to);
void add_event_list_group(operation_list& to);

/// In an order that must stay: a seed means a graph only together with it.
inline operation_list all_random_operations() {
  operation_list all;
  add_simple_group(all);
  add_pair_group(all);
  add_view_pair_group(all);
  add_text_pair_group(all);
  add_pair_join_group(all);
  add_view_pair_join_group(all);
  add_text_pair_join_group(all);
  add_pair_static_join_group(all);
  add_view_pair_static_join_group(all);
  add_window_group(all);
  add_pair_window_group(all);
  add_view_pair_window_group(all);
  add_pair_window_without_zeros_group(all);
  add_state_group(all);
  add_union_group(all);
  add_transform_group(all);
  add_keeping_group(all);
  add_aggregate_group(all);
  add_sketch_group(all);
  add_event_group(all);
  add_event_result_group(all);
  add_event_list_group(all);
  return all;
}

} // namespace millrace::test
