#pragma once

#include "millrace/intake/source_spec.hpp"
#include "suite/measure.hpp"

#include <atomic>
#include <string_view>
#include <vector>

namespace millrace::bench {

/// Copies lines of text into blocks of at most 4 MiB, as the block builder cuts them.
std::vector<block_ptr> to_text_blocks(std::string_view text);

/// Gives the same blocks for each batch and notes when it was asked: there begins what a benchmark
/// measures of a batch.
class block_source final : public pull_source {
public:
  explicit block_source(std::vector<block_ptr> blocks) : blocks_{std::move(blocks)} {}

  recoverability recovers() const override { return recoverability::by_time; }

  std::optional<std::vector<input_split>> plan(batch_time, const input_limits&) override {
    asked_.store(steady::now());
    return std::vector{split_of(blocks_)};
  }

  steady::time_point asked() const { return asked_.load(); }

private:
  std::vector<block_ptr> blocks_;
  std::atomic<steady::time_point> asked_{};
};

} // namespace millrace::bench
