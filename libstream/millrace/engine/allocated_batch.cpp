#include "millrace/engine/allocated_batch.hpp"

#include <algorithm>

namespace millrace {

std::vector<std::vector<numbered_block>> divide_blocks(const std::vector<numbered_block>& blocks,
                                                       std::uint32_t partitions) {
  std::vector<std::vector<numbered_block>> out(partitions);
  std::vector<std::size_t> load(partitions, 0);
  for (auto& b : blocks) {
    auto least = std::ranges::min_element(load);
    out[static_cast<std::size_t>(least - load.begin())].push_back(b);
    *least += b.data->bytes() + 1;
  }
  return out;
}

} // namespace millrace
