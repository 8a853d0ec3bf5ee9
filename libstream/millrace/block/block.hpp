#pragma once

#include <cstddef>
#include <memory>

namespace millrace {

/// A run of received records that travels, is stored and is released as one thing.
/// Owned jointly through `block_ptr`; any thread may read it, because nothing in it changes after
/// construction. What is concretely in it (`text_block`, `typed_block<T>`) is known to the stream
/// that made it. `bytes` is what bounds count: the memory of the records, not of the handle.
class block {
public:
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  virtual ~block() = default;

  std::size_t records() const noexcept { return records_; }

  std::size_t bytes() const noexcept { return bytes_; }

protected:
  block(std::size_t records, std::size_t bytes) noexcept : records_(records), bytes_(bytes) {}

private:
  std::size_t records_;
  std::size_t bytes_;
};

using block_ptr = std::shared_ptr<const block>;

} // namespace millrace
