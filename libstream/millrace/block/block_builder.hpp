#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"
#include "millrace/block/block.hpp"
#include "millrace/block/text_block.hpp"
#include "millrace/block/typed_block.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace millrace {

/// When received records become a block.
struct block_cut_options {
  /// Bytes (as `block::bytes` counts) at which a block is cut at once. Larger: fewer blocks and
  /// less parallelism in a batch.
  std::size_t max_bytes = std::size_t{1} << 20;
  /// Time after which what has arrived is cut. Larger: fewer blocks, more latency.
  duration interval = milliseconds(200);
};

[[nodiscard]] result<void> validate(const block_cut_options& options);

/// Decides when the block interval is over: on a grid that does not drift.
/// A value of one owner. A missed point of the grid is not made up for (cutting twice in a row
/// would only give an empty block).
class block_cut_policy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `anchor` is any point of the grid, past or future; the first deadline is behind `now`.
  /// Throws `stream_error(invalid_argument)` unless `interval` is positive.
  block_cut_policy(duration interval, time_point anchor, time_point now);

  /// Whether the builder is to cut now; moves the deadline on if so.
  [[nodiscard]] bool due(time_point now);

  [[nodiscard]] time_point deadline() const noexcept { return deadline_; }

private:
  std::chrono::steady_clock::duration interval_;
  time_point deadline_;
};

/// Collects pieces of text into blocks.
/// Owned by one thread. A block is cut when the next record would take it over `max_bytes`, when
/// the records go on in another arena, and at `cut`. A record larger than `max_bytes` is a block
/// of its own; no other block is larger. Records keep their order; there is no empty block.
class text_block_builder {
public:
  explicit text_block_builder(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// The blocks that this piece completed, oldest first; mostly none.
  [[nodiscard]] std::vector<block_ptr> add(text_piece piece);

  /// What has been collected, or null.
  [[nodiscard]] block_ptr cut();

  [[nodiscard]] std::size_t pending_records() const noexcept { return slices_.size(); }

  [[nodiscard]] std::size_t pending_bytes() const noexcept { return text_block::cost(slices_); }

private:
  std::size_t max_bytes_;
  std::shared_ptr<const arena> storage_;
  std::vector<text_slice> slices_;
};

/// Collects values of T into blocks.
/// Owned by one thread. A block is cut as soon as it has `max_bytes` (the last record may take it
/// over), and at `cut`. Values added together stay together in one block of their own, however
/// large: that is the promise a receiver gets for storing many at once. Order is kept; there is no
/// empty block.
template <class T>
class typed_block_builder {
public:
  explicit typed_block_builder(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// The block that this record completed, or null; mostly null.
  [[nodiscard]] block_ptr add(T item) {
    bytes_ += sizeof(T) + payload_bytes(item);
    items_.push_back(std::move(item));
    return bytes_ >= max_bytes_ ? cut() : nullptr;
  }

  /// What was collected before, if anything, and then `items` as one block, if there are any.
  [[nodiscard]] std::vector<block_ptr> add(std::vector<T> items) {
    auto blocks = std::vector<block_ptr>{};
    if (items.empty())
      return blocks;
    if (auto before = cut())
      blocks.push_back(std::move(before));
    blocks.push_back(make_typed_block(std::move(items)));
    return blocks;
  }

  /// What has been collected, or null.
  [[nodiscard]] block_ptr cut() {
    if (items_.empty())
      return nullptr;
    bytes_ = 0;
    return make_typed_block(std::exchange(items_, {}));
  }

  [[nodiscard]] std::size_t pending_records() const noexcept { return items_.size(); }

  [[nodiscard]] std::size_t pending_bytes() const noexcept { return bytes_; }

private:
  std::size_t max_bytes_;
  std::vector<T> items_;
  std::size_t bytes_ = 0;
};

} // namespace millrace
