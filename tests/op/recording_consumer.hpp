#pragma once

#include "millrace/op/consumer.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace millrace::test {

/// The end of a chain of operators: writes down every call that is not a chunk, and takes the
/// records.
template <class T>
class recording_consumer final : public consumer<T> {
public:
  void begin(const batch_context&) override { note("begin"); }
  void open(partition_order order) override {
    note("open(" + std::to_string(order.lane) + "," + std::to_string(order.index) + ")");
    open_ = true;
  }
  void consume(std::span<T> chunk) override {
    largest_chunk = std::max(largest_chunk, chunk.size());
    empty_chunks += chunk.empty() ? 1 : 0;
    after_close += open_ ? 0 : 1;
    records.insert(records.end(), std::make_move_iterator(chunk.begin()),
                   std::make_move_iterator(chunk.end()));
  }
  void close() override {
    note("close");
    open_ = false;
  }
  void end() override { note("end"); }

  std::string calls;
  std::vector<T> records;
  std::size_t largest_chunk = 0;
  std::size_t empty_chunks = 0;
  std::size_t after_close = 0; ///< Chunks that came outside of a partition.

private:
  void note(const std::string& call) { calls += (calls.empty() ? "" : " ") + call; }

  bool open_ = false;
};

} // namespace millrace::test
