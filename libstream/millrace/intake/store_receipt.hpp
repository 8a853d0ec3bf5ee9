#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace millrace {

/// Where a source stood after some records, in the source's own encoding: an offset, a delivery
/// tag. Opaque to Millrace, which keeps it with the block of these records.
using source_position = std::string;

/// What a position may have at most, because one is kept for each block that waits for its batch.
inline constexpr std::size_t max_position_bytes = 4096;

using stored_callback = std::function<void(const source_position&)>;

/// What becomes of records that were stored at once. Shared by the storing thread and the intake;
/// `now` is guarded by the mutex of that intake, the rest does not change.
struct store_receipt {
  enum class state {
    accepted,  ///< In the intake, or on the way to the store.
    being_put, ///< The store is being asked to take it, which does not last.
    stored,
    withdrawn, ///< In no block any more, and never will be.
  };

  source_position position{};
  /// Null: nobody is to be called.
  stored_callback on_stored{};
  state now = state::accepted;
};

} // namespace millrace
