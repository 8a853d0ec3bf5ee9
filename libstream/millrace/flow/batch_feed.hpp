#pragma once

#include "millrace/block/text_block.hpp"
#include "millrace/block/typed_block.hpp"
#include "millrace/chunk/batch.hpp"
#include "millrace/intake/source_spec.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace millrace {

/// The blocks of a batch, one for each partition; they share its records. The bytes of text records
/// are copied.
template <class T>
std::vector<block_ptr> to_blocks(const batch<T>& from) {
  std::vector<block_ptr> blocks;
  for (std::size_t i = 0; i < from.partitions(); ++i) {
    if constexpr (std::is_same_v<T, std::string_view>)
      blocks.push_back(make_text_block(from.partition(i)));
    else
      blocks.push_back(std::make_shared<const typed_block<T>>(from.shared_partition(i)));
  }
  return blocks;
}

/// A queue of batches for `queue_stream`. Push from any thread, before and after start. Unbounded:
/// what is pushed is held until its batch is made.
template <class T>
class batch_feed {
public:
  void push(batch<T> records) {
    std::lock_guard guard{mutex_};
    queue_.push_back(std::move(records));
  }

  std::size_t size() const {
    std::lock_guard guard{mutex_};
    return queue_.size();
  }

  /// The next batch, if there is one.
  std::optional<batch<T>> pop() {
    std::lock_guard guard{mutex_};
    if (queue_.empty())
      return std::nullopt;
    auto out = std::move(queue_.front());
    queue_.pop_front();
    return out;
  }

private:
  mutable std::mutex mutex_;
  std::deque<batch<T>> queue_;
};

/// `queue_stream`: one queued batch at a time, or all that are queued united; the default when the
/// queue is empty.
template <class T>
class queue_source final : public pull_source {
public:
  queue_source(std::shared_ptr<batch_feed<T>> feed, bool one_at_a_time, batch<T> when_empty)
      : feed_{std::move(feed)}, one_at_a_time_{one_at_a_time}, when_empty_{std::move(when_empty)} {}

  std::optional<std::vector<block_ptr>> pull(batch_time) override {
    auto blocks = std::exchange(back_, std::nullopt);
    while (!blocks || !one_at_a_time_) {
      auto next = feed_->pop();
      if (!next)
        break;
      auto more = to_blocks(*next);
      if (!blocks)
        blocks.emplace();
      blocks->insert(blocks->end(), more.begin(), more.end());
    }
    was_empty_ = !blocks;
    return was_empty_ ? to_blocks(when_empty_) : blocks;
  }

  bool take_back(const std::vector<block_ptr>& blocks) override {
    if (!was_empty_)
      back_ = blocks;
    return true;
  }

private:
  std::shared_ptr<batch_feed<T>> feed_;
  bool one_at_a_time_;
  batch<T> when_empty_;
  bool was_empty_ = false; ///< At the last pull.
  std::optional<std::vector<block_ptr>> back_;
};

/// `constant_stream`: the same blocks in every batch.
class constant_source final : public pull_source {
public:
  explicit constant_source(std::vector<block_ptr> blocks) : blocks_{std::move(blocks)} {}
  std::optional<std::vector<block_ptr>> pull(batch_time) override { return blocks_; }
  bool take_back(const std::vector<block_ptr>&) override { return true; }

private:
  std::vector<block_ptr> blocks_;
};

/// `rate_stream`: the numbers due up to each batch time.
class rate_source final : public pull_source {
public:
  rate_source(std::uint64_t per_second, duration batch_interval, std::size_t partitions)
      : per_second_{per_second}, interval_{batch_interval}, partitions_{partitions} {}

  std::optional<std::vector<block_ptr>> pull(batch_time time) override;

private:
  std::int64_t due(batch_time time) const;

  std::uint64_t per_second_;
  duration interval_;
  std::size_t partitions_;
  std::optional<batch_time> zero_;
  std::int64_t next_ = 0;
};

/// `input_stream(f)`: f(time) returns the batch, or nothing when the stream has none at that time.
template <class T, class F>
class function_source final : public pull_source {
public:
  explicit function_source(F f) : f_{std::move(f)} {}

  std::optional<std::vector<block_ptr>> pull(batch_time time) override {
    std::optional<batch<T>> next = std::invoke(f_, time);
    if (!next)
      return std::nullopt;
    return to_blocks(*next);
  }

private:
  F f_;
};

} // namespace millrace
