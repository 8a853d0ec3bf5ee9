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

/// `queue_stream`: one queued batch at a time, or all that are queued united, as far as the limits
/// go; the default when the queue is empty.
template <class T>
class queue_source final : public pull_source {
public:
  queue_source(std::shared_ptr<batch_feed<T>> feed, bool one_at_a_time, batch<T> when_empty)
      : feed_{std::move(feed)}, one_at_a_time_{one_at_a_time}, when_empty_{std::move(when_empty)} {}

  recoverability recovers() const override { return recoverability::none; }

  std::optional<std::vector<input_split>> plan(batch_time, const input_limits& limits) override {
    std::vector<input_split> splits;
    input_budget budget{limits};
    while (splits.empty() || !one_at_a_time_) {
      if (next_.empty()) {
        auto more = feed_->pop();
        if (!more)
          break;
        next_.push_back(split_of(to_blocks(*more)));
      }
      if (!budget.take(next_.front().records, next_.front().size))
        break;
      splits.push_back(std::move(next_.front()));
      next_.pop_front();
    }
    was_empty_ = splits.empty();
    if (was_empty_)
      splits.push_back(split_of(to_blocks(when_empty_)));
    return splits;
  }

  bool take_back(const std::vector<input_split>& splits) override {
    if (!was_empty_)
      next_.insert(next_.begin(), splits.begin(), splits.end());
    return true;
  }

private:
  std::shared_ptr<batch_feed<T>> feed_;
  bool one_at_a_time_;
  batch<T> when_empty_;
  bool was_empty_ = false;       ///< At the last plan.
  std::deque<input_split> next_; ///< Taken from the queue and not in a batch.
};

/// `constant_stream`: the same blocks in every batch.
class constant_source final : public pull_source {
public:
  explicit constant_source(std::vector<block_ptr> blocks) : split_{split_of(std::move(blocks))} {}

  recoverability recovers() const override { return recoverability::by_time; }
  std::optional<std::vector<input_split>> plan(batch_time, const input_limits&) override {
    return std::vector{split_};
  }
  bool take_back(const std::vector<input_split>&) override { return true; }

private:
  input_split split_;
};

/// `rate_stream`: the numbers due up to each batch time; those beyond a limit come later.
class rate_source final : public pull_source {
public:
  rate_source(std::uint64_t per_second, duration batch_interval, std::size_t partitions)
      : per_second_{per_second}, interval_{batch_interval}, partitions_{partitions} {}

  recoverability recovers() const override { return recoverability::by_position; }
  std::optional<std::vector<input_split>> plan(batch_time time,
                                               const input_limits& limits) override;
  result<std::vector<block_ptr>> read(const input_split& split) const override;
  bytes position() const override;
  result<void> resume(const bytes& from) override;

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

  recoverability recovers() const override { return recoverability::by_time; }

  std::optional<std::vector<input_split>> plan(batch_time time, const input_limits&) override {
    std::optional<batch<T>> next = std::invoke(f_, time);
    if (!next)
      return std::nullopt;
    return std::vector{split_of(to_blocks(*next))};
  }

private:
  F f_;
};

} // namespace millrace
