#include "millrace/stage/source_reader.hpp"

namespace millrace {

void text_source_reader::read(const batch_context& context,
                              const std::vector<numbered_block>& blocks) {
  out_.begin_batch();
  down_.begin(context);
  for (auto& b : blocks) {
    down_.open({0, b.index});
    auto& text = static_cast<const text_block&>(*b.data);
    auto slices = text.slices();
    const char* data = text.data();
    while (!slices.empty()) {
      auto part = slices.first(std::min(slices.size(), out_.capacity));
      out_.fill(part.size(), [&](std::size_t i) {
        return std::string_view{data + part[i].begin, part[i].size};
      });
      down_.consume(out_.records());
      out_.clear();
      slices = slices.subspan(part.size());
    }
    down_.close();
  }
  down_.end();
}

} // namespace millrace
