#include "millrace/engine/allocated_batch.hpp"

#include <algorithm>

namespace millrace {

std::vector<std::vector<block_ref>> divide_blocks(const std::vector<block_ref>& blocks,
                                                  std::uint32_t partitions) {
  if (partitions == 1)
    return {blocks};
  std::vector<std::vector<block_ref>> out(partitions);
  std::vector<std::size_t> load(partitions, 0);
  for (auto& b : blocks) {
    auto least = std::ranges::min_element(load);
    out[static_cast<std::size_t>(least - load.begin())].push_back(b);
    *least += b.bytes + 1;
  }
  return out;
}

} // namespace millrace
