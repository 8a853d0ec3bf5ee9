#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace millrace::detail {

/// Pieces of memory of one size, cut from regions of huge pages: where the segments of a large
/// store lie. Regions of which no piece is in use are given back, all but one. Any thread; the pool
/// has to outlive its pieces. Pieces are aligned to 64 bytes.
class piece_pool {
public:
  /// A piece has from 64 bytes to one huge page.
  explicit piece_pool(std::size_t piece_bytes);
  piece_pool(const piece_pool&) = delete;
  piece_pool& operator=(const piece_pool&) = delete;
  ~piece_pool();

  /// Throws std::bad_alloc.
  void* take();
  void give_back(void* piece) noexcept;

  /// Of all regions held.
  std::size_t memory_bytes() const;

private:
  void add_region();
  void drop_region(std::uintptr_t region) noexcept;

  const std::size_t piece_bytes_;
  const std::size_t per_region_;
  mutable std::mutex mutex_;
  std::map<std::uintptr_t, std::size_t> in_use_; // pieces of each region, by its address
  std::vector<std::uintptr_t> free_;             // has room for all pieces
  std::uintptr_t spare_ = 0;                     // a region of which no piece is in use
};

} // namespace millrace::detail
