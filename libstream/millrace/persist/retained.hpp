#pragma once

#include "millrace/base/executor.hpp"
#include "millrace/block/typed_block.hpp"
#include "millrace/chunk/batch.hpp"
#include "millrace/chunk/contains_view.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/persist/encoded_batch.hpp"
#include "millrace/persist/retention.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

template <codec_for T>
class typed_batch_coder final : public batch_coder {
public:
  explicit typed_batch_coder(std::shared_ptr<parallel_executor> executor)
      : executor_{std::move(executor)} {}

  [[nodiscard]] encoded_batch encode(const void* from) const override {
    const auto& records = *static_cast<const batch<T>*>(from);
    encoded_batch encoded;
    for (std::size_t i = 0; i < records.partitions(); ++i) {
      const auto& partition = records.partition(i);
      encoded.push_back({static_cast<std::uint32_t>(partition.size()),
                         encode_records(std::span<const T>{partition})});
    }
    return encoded;
  }

  [[nodiscard]] result<any_batch> decode(const encoded_batch& from) const override {
    typename batch<T>::partition_list partitions;
    for (const auto& encoded : from) {
      auto records = decode_records<T>(encoded.content);
      if (!records)
        return tl::make_unexpected(std::move(records).error());
      partitions.push_back(std::move(*records));
    }
    return std::make_shared<const batch<T>>(std::move(partitions), executor_);
  }

private:
  std::shared_ptr<parallel_executor> executor_;
};

/// Throws `stream_error(unsupported)` when the level needs a codec and the type has none.
template <class T>
std::unique_ptr<const batch_coder>
make_batch_coder(const retained_options& options,
                 [[maybe_unused]] std::shared_ptr<parallel_executor> executor) {
  if constexpr (codec_for<T>) {
    return std::make_unique<const typed_batch_coder<T>>(std::move(executor));
  } else {
    if (options.level.needs_codec())
      throw stream_error{errc::unsupported,
                         "stream '" + options.stream + "' cannot be persisted at " +
                             to_string(options.level) + ": its record type '" + type_name_of<T>() +
                             "' has no codec; specialise millrace::codec for it, or persist at "
                             "MEMORY_ONLY"};
    return nullptr;
  }
}

} // namespace detail

/// The batches of a stream that are kept for later use: by time for `remember`, in memory and on
/// disk as its storage level says. What `remember`, `persist` and `slice` rest on.
///
/// Shared; all calls from any thread. Bound: `max_memory_bytes`, which the batch that is just being
/// added may exceed for a moment. Beyond it the oldest batches are
/// - dropped, at levels without a disk; a `slice` that needs one of them is an error that says so;
/// - spilled to the directory, at levels with memory and disk, and read back when asked for.
/// DISK_ONLY spills every batch at once. NONE keeps batches as MEMORY_ONLY does, because nothing
/// here computes a batch again. Levels `_SER` keep encoded bytes. Spilled batches are removed with
/// their batch; those of a process that was killed by the next job that keeps a stream on a disk
/// below the same root (see spill_home).
/// Failure: a batch that cannot be spilled (a full disk) or encoded stays in memory, and `add`
/// returns the error; the next `add` tries again, unless its codec refused it. A damaged file is an
/// error of `slice`.
template <class T>
class retained {
  static_assert(!contains_view_v<T>, "only records that own their text can be kept: see owned_t");

public:
  /// Batches that are decoded run on the executor. Throws `stream_error` when the options are not
  /// valid, or when the level needs a codec and T has none.
  retained(const retained_options& options, std::shared_ptr<file_system> files,
           std::shared_ptr<parallel_executor> executor = make_sequential_executor(),
           logger log = {})
      : kept_{options, std::move(files), detail::make_batch_coder<T>(options, std::move(executor)),
              std::move(log)} {}

  /// Keeps the batch, in place of one with the same time. An error tells that it is kept, but not
  /// where it should be.
  result<void> add(batch_time time, batch<T> records) {
    std::size_t bytes = sizeof records;
    for (std::size_t i = 0; i < records.partitions(); ++i)
      bytes += sizeof(std::vector<T>) + payload_bytes(records.partition(i));
    return kept_.add(time, std::make_shared<const batch<T>>(std::move(records)), bytes);
  }

  /// The batches of times in [from, to], in order, as far as they were added and are remembered.
  [[nodiscard]] result<std::vector<batch<T>>> slice(batch_time from, batch_time to) const {
    auto timed = timed_slice(from, to);
    if (!timed)
      return tl::make_unexpected(std::move(timed).error());
    std::vector<batch<T>> batches;
    for (auto& [time, records] : *timed)
      batches.push_back(std::move(records));
    return batches;
  }

  /// The same with their times.
  [[nodiscard]] result<std::vector<std::pair<batch_time, batch<T>>>>
  timed_slice(batch_time from, batch_time to) const {
    const auto found = kept_.slice(from, to);
    if (!found)
      return tl::make_unexpected(found.error());
    std::vector<std::pair<batch_time, batch<T>>> batches;
    for (const auto& [time, records] : *found)
      batches.emplace_back(time, *static_cast<const batch<T>*>(records.get()));
    return batches;
  }

  /// Drops the batches with times up to `now - remember`, and their files.
  void forget(batch_time now) { kept_.forget(now); }

  /// Drops all batches: `unpersist`.
  void clear() { kept_.clear(); }

  /// Changes how long batches are kept, from the next `forget` on.
  void remember(duration span) { kept_.remember(span); }

  [[nodiscard]] duration remember() const { return kept_.remember(); }

  [[nodiscard]] retained_stats stats() const { return kept_.stats(); }

  [[nodiscard]] const retained_options& options() const noexcept { return kept_.options(); }

private:
  detail::retention kept_;
};

} // namespace millrace
