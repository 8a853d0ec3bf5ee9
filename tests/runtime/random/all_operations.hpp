#pragma once

#include "runtime/random/operations/aggregate_operations.hpp"
#include "runtime/random/operations/event_operations.hpp"
#include "runtime/random/operations/keyed_operations.hpp"
#include "runtime/random/operations/keyed_window_operations.hpp"
#include "runtime/random/operations/number_operations.hpp"
#include "runtime/random/operations/state_operations.hpp"
#include "runtime/random/operations/text_operations.hpp"
#include "runtime/random/operations/transform_operations.hpp"
#include "runtime/random/operations/window_operations.hpp"

namespace millrace::test {

inline operation_list all_random_operations() {
  operation_list all;
  add_number_maps(all);
  add_number_partitions(all);
  add_numbers_to_pairs(all);
  add_view_operations(all);
  add_views_to_others(all);
  add_text_operations(all);
  add_keyed_operations(all);
  add_window_operations(all);
  add_keyed_window_operations(all);
  add_state_operations(all);
  add_join_operations(all);
  add_transform_operations(all);
  add_aggregate_operations(all);
  add_event_operations(all);
  return all;
}

} // namespace millrace::test
