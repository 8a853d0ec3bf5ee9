#include "millrace/stage/collect.hpp"

#include <algorithm>

namespace millrace {

void sort_parts(std::vector<const collected_part*>& parts) {
  auto order = [](const collected_part* p) { return p->order; };
  if (!std::ranges::is_sorted(parts, {}, order))
    std::ranges::stable_sort(parts, {}, order);
}

} // namespace millrace
