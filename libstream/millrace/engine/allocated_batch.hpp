#pragma once

#include "millrace/base/error.hpp"
#include "millrace/block/block_ref.hpp"
#include "millrace/engine/listener.hpp"

#include <map>
#include <memory>
#include <vector>

namespace millrace {

/// A batch whose input is settled: the blocks of every stream. Immutable and shared.
struct allocated_batch {
  batch_time time;
  std::map<stream_id, std::vector<block_ref>> blocks;
  std::vector<stream_id> absent;  ///< Streams that have no batch at this time.
  std::vector<input_info> inputs; ///< For listeners.
  /// Why the input could not be settled: the batch fails, in its turn, without being run.
  std::shared_ptr<const error> failure;
};

using allocated_batch_ptr = std::shared_ptr<const allocated_batch>;

/// Divides a stream's blocks among the partitions of its source stage: each block goes where the
/// fewest bytes are so far.
std::vector<std::vector<block_ref>> divide_blocks(const std::vector<block_ref>& blocks,
                                                  std::uint32_t partitions);

} // namespace millrace
