#pragma once

#include "millrace/block/typed_block.hpp"
#include "suite/bench_job.hpp"

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace millrace::bench {

/// Gives each batch the blocks that the benchmark set last and notes when it was asked.
class fed_source final : public pull_source {
public:
  void set(std::vector<block_ptr> blocks) {
    std::scoped_lock lock{mutex_};
    blocks_ = std::move(blocks);
    asked_ = steady::time_point::max();
  }

  recoverability recovers() const override { return recoverability::none; }

  std::optional<std::vector<input_split>> plan(batch_time, const input_limits&) override {
    std::scoped_lock lock{mutex_};
    asked_ = steady::now();
    return std::vector{split_of(blocks_)};
  }

  /// After the latest `set`; the end of time while nobody has.
  steady::time_point asked() const {
    std::scoped_lock lock{mutex_};
    return asked_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<block_ptr> blocks_;
  steady::time_point asked_;
};

/// Records as blocks of at most 4 MiB.
template <class T>
std::vector<block_ptr> to_typed_blocks(std::span<const T> records) {
  constexpr std::size_t most = (std::size_t{4} << 20) / sizeof(T);
  std::vector<block_ptr> blocks;
  for (; !records.empty(); records = records.subspan(std::min(most, records.size()))) {
    auto part = records.first(std::min(most, records.size()));
    blocks.push_back(make_typed_block(std::vector<T>(part.begin(), part.end())));
  }
  return blocks;
}

/// A job with one worker and a hand-moved clock that is given its input batch by batch, up to two
/// streams of pairs, and that ends each batch in one number.
class number_job {
public:
  using record = std::pair<std::uint64_t, std::uint64_t>;
  using input = dstream<record>;

  /// `build(first, second)` makes a stream of std::uint64_t of two input streams.
  template <class Build>
  explicit number_job(Build build)
      : job_{bench_configuration(1), seconds(1), bench_job::clock_kind::by_hand} {
    std::vector<input> streams;
    for (auto& source : sources_)
      streams.push_back(job_.context().template block_stream<record>(source));
    build(streams[0], streams[1]).for_each_batch([this](const batch<std::uint64_t>& numbers) {
      answer_ = 0;
      for (std::size_t p = 0; p < numbers.partitions(); ++p)
        for (auto n : numbers.partition(p))
          answer_ += n;
      ended_ = steady::now();
      done_.add();
    });
    job_.start();
  }

  /// Seconds from the request for the blocks to the end of the output.
  double round(std::vector<block_ptr> first, std::vector<block_ptr> second = {}) {
    sources_[0]->set(std::move(first));
    sources_[1]->set(std::move(second));
    job_.tick();
    job_.wait(done_, ++rounds_);
    const auto asked = std::min(sources_[0]->asked(), sources_[1]->asked());
    return std::chrono::duration<double>(ended_ - asked).count();
  }

  std::uint64_t answer() const { return answer_; }

private:
  std::shared_ptr<fed_source> sources_[2] = {std::make_shared<fed_source>(),
                                             std::make_shared<fed_source>()};
  progress_counter done_;
  std::uint64_t rounds_ = 0;
  std::uint64_t answer_ = 0;
  steady::time_point ended_;
  bench_job job_;
};

} // namespace millrace::bench
