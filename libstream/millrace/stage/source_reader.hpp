#pragma once

#include "millrace/block/text_block.hpp"
#include "millrace/block/typed_block.hpp"
#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/op/send_copies.hpp"
#include "millrace/stage/payload.hpp"

#include <string_view>

namespace millrace {

/// A block of a batch and its place among the batch's blocks of this stream; each block is one
/// partition.
struct numbered_block {
  std::uint32_t index = 0;
  block_ptr data;
};

/// The root of a source stage: feeds the blocks of one stage partition to the first operator.
class source_reader : public stage_reader {
public:
  virtual void read(const batch_context& context, const std::vector<numbered_block>& blocks) = 0;
};

/// Text blocks: records are views into the block's arena.
class text_source_reader final : public source_reader {
public:
  explicit text_source_reader(consumer<std::string_view>& down) : down_{down} {}
  void read(const batch_context& context, const std::vector<numbered_block>& blocks) override;

private:
  consumer<std::string_view>& down_;
  chunk_buffer<std::string_view> out_;
};

/// Blocks of typed records, which are copied into the chunk because blocks are immutable and
/// shared.
template <class T>
class typed_source_reader final : public source_reader {
public:
  explicit typed_source_reader(consumer<T>& down) : down_{down} {}

  void read(const batch_context& context, const std::vector<numbered_block>& blocks) override {
    out_.begin_batch();
    down_.begin(context);
    for (auto& b : blocks) {
      down_.open({0, b.index});
      send_copies<T>(static_cast<const typed_block<T>&>(*b.data).items(), out_, down_);
      down_.close();
    }
    down_.end();
  }

private:
  consumer<T>& down_;
  chunk_buffer<T> out_;
};

} // namespace millrace
