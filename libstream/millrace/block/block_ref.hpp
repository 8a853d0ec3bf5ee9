#pragma once

#include "millrace/base/ids.hpp"
#include "millrace/block/block.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace millrace {

/// Where a block of a batch comes from, and so where it is to be had.
enum class block_origin {
  received, ///< By a receiver: from a `block_source`, by its name.
  pulled,   ///< From a pull source: it is nowhere but in its reference.
};

/// A block of a batch as the control side knows it: its name and its size, not its records. Each
/// block of a stream is one partition of the batch.
struct block_ref {
  block_ref() = default;

  /// A received block, which whoever runs the batch fetches.
  block_ref(std::uint32_t i, block_id received, std::uint64_t n, std::uint64_t size,
            std::string at = {})
      : index{i}, id{received}, records{n}, bytes{size}, position{std::move(at)} {}

  /// A block that a pull source has made.
  block_ref(std::uint32_t i, block_ptr made)
      : index{i},
        origin{block_origin::pulled},
        records{made->records()},
        bytes{made->bytes()},
        data{std::move(made)} {}

  std::uint32_t index = 0; ///< Its place among the batch's blocks of this stream.
  block_origin origin = block_origin::received;
  block_id id; ///< Of a received block.
  std::uint64_t records = 0;
  std::uint64_t bytes = 0; ///< As they were when the block was made.
  std::string position;    ///< Where the source stood after a received block, if it said so.
  block_ptr data;          ///< Of a pulled block.
};

/// Where the blocks of a batch are to be had. Thread-safe.
class block_source {
public:
  virtual ~block_source() = default;

  /// The received block, or null when nobody has it (any more).
  [[nodiscard]] virtual block_ptr fetch(block_id id) const = 0;
};

} // namespace millrace
