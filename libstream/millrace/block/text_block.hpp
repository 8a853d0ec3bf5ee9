#pragma once

#include "millrace/block/arena.hpp"
#include "millrace/block/block.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {

/// Where one text record lies in its arena. Its terminator, if it had one, is not part of it.
struct text_slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;

  std::uint32_t end() const noexcept { return begin + size; }

  friend bool operator==(const text_slice&, const text_slice&) = default;
};

/// Arena bytes from the first byte of the first to behind the last byte of the last slice.
/// Slices lie in ascending order everywhere in Millrace.
inline std::size_t span_bytes(std::span<const text_slice> slices) noexcept {
  return slices.empty() ? 0 : slices.back().end() - slices.front().begin;
}

/// The records that one read completed, before they become (part of) a block.
struct text_piece {
  std::shared_ptr<const arena> storage;
  std::vector<text_slice> slices;
  /// `span_bytes(slices)`.
  std::size_t bytes = 0;
};

/// Text records that share one arena: bytes plus offsets, no string per record.
/// Readable from any thread; keeps its arena alive, and so every `string_view` taken from it is
/// valid as long as the block is. The rest of the arena may belong to other blocks, or still be
/// written by the receiver; a block never looks there.
class text_block final : public block {
public:
  /// Slices must ascend and lie inside the arena.
  text_block(std::shared_ptr<const arena> storage, std::vector<text_slice> slices)
      : block(slices.size(), cost(slices)),
        storage_(std::move(storage)),
        slices_(std::move(slices)) {}

  /// What a block of these slices counts for against bounds: its bytes and its offsets.
  static std::size_t cost(std::span<const text_slice> slices) noexcept {
    return span_bytes(slices) + slices.size() * sizeof(text_slice);
  }

  /// Precondition: i < records().
  std::string_view record(std::size_t i) const noexcept {
    return {storage_->data() + slices_[i].begin, slices_[i].size};
  }

  std::span<const text_slice> slices() const noexcept { return slices_; }

  /// What the slices' offsets are relative to.
  const char* data() const noexcept { return storage_->data(); }

  const std::shared_ptr<const arena>& storage() const noexcept { return storage_; }

private:
  std::shared_ptr<const arena> storage_;
  std::vector<text_slice> slices_;
};

/// Copies the given records, each followed by '\n', into a block of their own.
inline std::shared_ptr<const text_block>
make_text_block(std::span<const std::string_view> records) {
  auto total = std::size_t{0};
  for (auto record : records)
    total += record.size() + 1;
  auto storage = std::make_shared<arena>(total);
  auto slices = std::vector<text_slice>{};
  slices.reserve(records.size());
  auto at = std::size_t{0};
  for (auto record : records) {
    if (!record.empty())
      std::memcpy(storage->data() + at, record.data(), record.size());
    slices.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(record.size())});
    at += record.size();
    storage->data()[at++] = '\n';
  }
  return std::make_shared<const text_block>(std::move(storage), std::move(slices));
}

} // namespace millrace
