#pragma once

#include "millrace/block/block.hpp"
#include "millrace/codec/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// A part of what a pull source has for one batch: which records, not the records. A value, small
/// enough to be logged for every batch.
struct input_split {
  /// What the source needs to read these records, in another process too; its own business.
  bytes what;
  std::string description;   ///< For people, such as the path of a file.
  std::uint64_t records = 0; ///< 0 where only reading tells.
  std::uint64_t size = 0;    ///< About how many bytes the records have.
  /// The records themselves, where they are at hand; each block is a partition.
  std::vector<block_ptr> made;
};

/// A split of records that are at hand.
input_split split_of(std::vector<block_ptr> blocks);

} // namespace millrace
