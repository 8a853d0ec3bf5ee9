#include "suite/text_blocks.hpp"

#include "millrace/block/text_block.hpp"
#include "text_input.hpp"

namespace millrace::bench {

std::vector<block_ptr> to_text_blocks(std::string_view text) {
  constexpr std::size_t most = std::size_t{4} << 20;
  std::vector<block_ptr> blocks;
  while (!text.empty()) {
    std::size_t cut = text.size();
    if (cut > most)
      cut = text.rfind('\n', most - 1) + 1;
    blocks.push_back(make_text_block(line_views(text.substr(0, cut))));
    text.remove_prefix(cut);
  }
  return blocks;
}

} // namespace millrace::bench
