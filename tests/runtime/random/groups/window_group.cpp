#include "runtime/random/all_operations.hpp"
#include "runtime/random/operations/window_operations.hpp"

namespace millrace::test {

void add_window_group(operation_list& to) {
  add_window<of_numbers>(to);
  add_window<of_views>(to);
  add_window<of_texts>(to);
  add_window<of_pairs>(to);
  add_window<of_view_pairs>(to);
  add_window<of_text_pairs>(to);
  add_window_counts<of_numbers, of_pairs>(to);
  add_window_counts<of_views, of_text_pairs>(to);
  add_window_folds(to);
  add_ordered_window_fold(to);
}

} // namespace millrace::test
