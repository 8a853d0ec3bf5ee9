#pragma once

#include "millrace/plan/stage_instance.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace millrace {

/// What arrives for one slot: a payload, or the error that made the upstream partition fail for
/// this batch.
struct slot_delivery {
  payload_ptr data;
  std::shared_ptr<const error> failure;
};

/// Collects the payloads of a stage partition, or of an output, until a batch is complete.
///
/// Owned by one stage actor or the sink writer. Completeness is a count: every slot delivers
/// exactly once for every batch. Batches are released strictly in the order of their times,
/// whatever the order of arrival between slots. Bound: as many batches as are in flight (checked by
/// who admits them).
class input_gate {
public:
  explicit input_gate(std::uint32_t slots) : slots_{slots} {}

  /// A slot delivered twice, one that does not exist, or a batch that has come out, is
  /// errc::internal and changes nothing.
  result<void> deliver(batch_time time, std::uint32_t slot, slot_delivery what);

  struct ready {
    std::shared_ptr<const stage_input> input;
    std::shared_ptr<const error> failure; ///< Set when any slot failed: nothing is to be run.
  };

  /// The oldest batch, if it is complete. Each batch comes out once.
  std::optional<ready> next();

  std::size_t waiting() const noexcept { return open_.size(); }

private:
  struct filling {
    std::shared_ptr<stage_input> input;
    std::shared_ptr<const error> failure;
    std::vector<bool> seen;
    std::uint32_t missing = 0;
  };

  std::uint32_t slots_;
  std::map<batch_time, filling> open_;
  std::optional<batch_time> released_;
};

} // namespace millrace
