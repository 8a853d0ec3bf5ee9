#pragma once

#include "millrace/base/error.hpp"
#include "millrace/codec/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::detail {

struct encoded_partition {
  std::uint32_t records = 0;
  bytes content;
};

/// A batch as bytes, partition by partition.
using encoded_batch = std::vector<encoded_partition>;

inline std::size_t size_of(const encoded_batch& batch) noexcept {
  std::size_t bytes = 0;
  for (const auto& partition : batch)
    bytes += sizeof partition + partition.content.size();
  return bytes;
}

/// A batch of a type that only its coder knows.
using any_batch = std::shared_ptr<const void>;

/// Turns batches of one type into bytes and back; called from any thread at once.
class batch_coder {
public:
  batch_coder() = default;
  batch_coder(const batch_coder&) = delete;
  batch_coder& operator=(const batch_coder&) = delete;
  virtual ~batch_coder() = default;

  /// May throw what the codec throws.
  [[nodiscard]] virtual encoded_batch encode(const void* batch) const = 0;
  [[nodiscard]] virtual result<any_batch> decode(const encoded_batch& from) const = 0;
};

} // namespace millrace::detail
