#pragma once

#include "millrace/base/error.hpp"
#include "millrace/block/arena.hpp"
#include "millrace/block/record_framer.hpp"
#include "millrace/block/text_block.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace millrace {

/// Lets a receiver read bytes straight into the arena where their records will stay: nothing is
/// copied but the unterminated tail when a fresh arena begins.
/// Owned and called by one thread (the receiver's).
///
/// Pieces, and blocks made from them, share the arena with the receiver while it goes on writing
/// behind them. That is free of races because the write position never moves below the end of a
/// record that was handed out: a byte is either in front of it, final and only read, or behind
/// it, and then known to no one else. The hand-over itself (a store's mutex, a message) orders the
/// earlier writes before the readers.
///
/// Memory: one arena, of at least twice the unfinished record, which the framer bounds.
/// Failure: when the framer gives up, `failure()` says why, for good: `writable` is empty then and
/// nothing more is delivered, until `restart` begins a new stream.
class text_assembler {
public:
  static constexpr std::size_t default_min_read = std::size_t{64} << 10;

  /// `min_read`: the least room in bytes that `writable` offers. Larger: fewer reads, more of
  /// each arena left unused.
  text_assembler(std::shared_ptr<arena_pool> pool, std::unique_ptr<record_framer> framer,
                 std::size_t min_read = default_min_read);

  /// Where to read the next bytes to. Valid until the next call of anything here.
  std::span<char> writable();

  /// Frames the first `n` bytes of what `writable` gave; n is at most its size. The piece is
  /// empty when they completed no record.
  [[nodiscard]] text_piece commit(std::size_t n);

  /// The stream has ended: what is left unterminated becomes the last record.
  [[nodiscard]] text_piece finish();

  /// Begins another stream behind what is in the arena. The unfinished tail is dropped.
  void restart(std::unique_ptr<record_framer> framer);

  const std::optional<error>& failure() const noexcept { return failure_; }

  /// Bytes of the record that is not complete yet.
  std::size_t unfinished_bytes() const noexcept { return write_ - begin_; }

  record_framer& framer() noexcept { return *framer_; }

private:
  void begin_arena();
  text_piece deliver(std::vector<text_slice> slices);

  std::shared_ptr<arena_pool> pool_;
  std::unique_ptr<record_framer> framer_;
  std::shared_ptr<arena> arena_;
  std::uint32_t begin_ = 0; // of the unfinished record
  std::uint32_t write_ = 0; // where the next bytes go
  std::size_t min_read_;
  std::size_t last_slices_ = 0; // what the last read completed: a guess for the next
  std::optional<error> failure_;
};

} // namespace millrace
