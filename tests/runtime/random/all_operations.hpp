#pragma once

#include "runtime/random/operation.hpp"

namespace millrace::test {

/// Each adds operations of its kind; in a source file of its own, because each has many templates
/// to compile.
void add_simple_group(operation_list& to);
void add_window_group(operation_list& to);
void add_keyed_group(operation_list& to);
void add_state_group(operation_list& to);
void add_transform_group(operation_list& to);
void add_summary_group(operation_list& to);
void add_event_group(operation_list& to);

inline operation_list all_random_operations() {
  operation_list all;
  add_simple_group(all);
  add_keyed_group(all);
  add_window_group(all);
  add_state_group(all);
  add_transform_group(all);
  add_summary_group(all);
  add_event_group(all);
  return all;
}

} // namespace millrace::test
