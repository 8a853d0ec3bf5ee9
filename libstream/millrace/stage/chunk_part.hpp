#pragma once

#include "millrace/op/op.hpp"

#include <span>

namespace millrace {

/// One of the streams of a stage that sends several kinds of records: `Chunk` holds a chunk of each
/// kind, valid until `consume` returns; this passes on those in `Part`.
template <class Chunk, class Out, std::span<Out> Chunk::*Part>
class chunk_part_op final : public op<Chunk, Out> {
public:
  using op<Chunk, Out>::op;

  void consume(std::span<Chunk> chunks) override {
    for (auto& chunk : chunks)
      if (!(chunk.*Part).empty())
        this->down().consume(chunk.*Part);
  }
};

} // namespace millrace
