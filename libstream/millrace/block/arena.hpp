#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace {

/// A fixed run of raw, uninitialised bytes that text records lie in.
/// One thread writes; others read only bytes that were handed to them (see `text_assembler`).
/// Capacity never changes and is at most `max_capacity`, so that a 32-bit offset reaches every
/// byte; asking for more throws `stream_error(too_large)`.
class arena {
public:
  static constexpr std::size_t max_capacity = UINT32_MAX;

  explicit arena(std::size_t capacity);
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  char* data() noexcept { return bytes_.get(); }

  const char* data() const noexcept { return bytes_.get(); }

  std::size_t capacity() const noexcept { return capacity_; }

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_;
};

struct arena_pool_options {
  /// Bytes of an ordinary arena. Larger: fewer hand-overs, but one live record pins more memory.
  std::size_t arena_bytes = std::size_t{1} << 20;
  /// Bytes of unused arenas kept for reuse. Larger: fewer page faults after a burst.
  std::size_t max_free_bytes = std::size_t{32} << 20;
};

/// Hands out arenas and takes them back when their last holder lets go, so that the page faults
/// of fresh memory are paid once and not for every block.
/// Any thread may call it and any thread may drop an arena. Arenas outlive the pool safely: once
/// it is gone they are simply freed. Unused arenas are kept up to `max_free_bytes`; what comes
/// back beyond that is freed. What is handed out is not bounded here (the block store does that).
class arena_pool {
public:
  explicit arena_pool(arena_pool_options options = {});
  ~arena_pool();
  arena_pool(const arena_pool&) = delete;
  arena_pool& operator=(const arena_pool&) = delete;

  /// An arena of at least max(min_bytes, arena_bytes) bytes; its content is unspecified.
  std::shared_ptr<arena> acquire(std::size_t min_bytes = 0);

  std::size_t free_bytes() const;
  /// Arenas that had to be made because none in the pool was large enough.
  std::uint64_t created() const;

private:
  struct shelf;
  std::shared_ptr<shelf> shelf_;
};

} // namespace millrace
