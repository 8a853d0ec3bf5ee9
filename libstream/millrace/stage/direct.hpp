#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/stage/writer_base.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace millrace {

/// What `exchange_reader::make_direct_writer` gives: calls `Reader::begin_batch(context,
/// partition)`, then `Reader::add(span<T>)` for chunks of records, then `Reader::end_batch()`.
/// Records of different lanes come as they are made, as in an exchange. Small chunks, such as a
/// filter leaves, are gathered, so that a reader can look ahead in each.
template <class Reader, class T>
class direct_writer final : public writer_base<direct_writer<Reader, T>, T> {
public:
  direct_writer(Reader& reader, std::uint32_t partition) : reader_{reader}, partition_{partition} {}

  void clear() {
    gathered_.begin_batch();
    reader_.begin_batch(this->context(), partition_);
  }

  void write(partition_order, std::span<T> records) {
    if (records.size() >= large) {
      flush();
      return reader_.add(records);
    }
    for (auto& record : records) {
      if (gathered_.full())
        flush();
      gathered_.emplace(std::move(record));
    }
  }

  std::vector<payload_ptr> take() override {
    flush();
    reader_.end_batch();
    return {nullptr};
  }

private:
  static constexpr std::size_t large = chunk_buffer<T>::capacity / 4;

  void flush() {
    if (!gathered_.empty())
      reader_.add(gathered_.records());
    gathered_.clear();
  }

  Reader& reader_;
  std::uint32_t partition_;
  chunk_buffer<T> gathered_;
};

} // namespace millrace
