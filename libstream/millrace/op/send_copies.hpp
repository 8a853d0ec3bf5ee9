#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/op/consumer.hpp"

#include <algorithm>

namespace millrace {

/// Sends copies of records that the caller keeps, a chunk at a time. `buffer` is empty before and
/// after.
template <class T>
void send_copies(std::span<const T> records, chunk_buffer<T>& buffer, consumer<T>& down) {
  while (!records.empty()) {
    auto part = records.first(std::min(records.size(), buffer.capacity));
    buffer.fill(part.size(), [&](std::size_t i) -> const T& { return part[i]; });
    down.consume(buffer.records());
    buffer.clear();
    records = records.subspan(part.size());
  }
}

} // namespace millrace
