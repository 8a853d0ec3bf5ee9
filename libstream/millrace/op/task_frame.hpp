#pragma once

#include "millrace/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

namespace millrace {

/// What an accumulator is to a task: a sum that takes what the task added once it has succeeded.
class accumulator_cell {
public:
  using bits = std::array<std::byte, 8>;

  virtual ~accumulator_cell() = default;
  /// The value of a task that has added nothing.
  virtual bits zero() const = 0;
  virtual bits sum(bits a, bits b) const = 0;
  /// Thread-safe. Cannot fail: what the task has done is there already.
  virtual void commit(batch_time time, bits added) noexcept = 0;
};

/// What a task has added to accumulators: a part of its result, which counts when somebody takes
/// that, and not when the task is tried again. Of several copies one is to be counted.
class task_additions {
public:
  /// Adds all to their accumulators, the first time.
  void count() noexcept;

  bool empty() const noexcept { return list_.empty(); }

private:
  friend class task_frame;
  struct addition {
    std::shared_ptr<accumulator_cell> cell;
    accumulator_cell::bits added;
  };

  batch_time time_;
  std::vector<addition> list_;
};

/// Where user functions of one task, that is, of one attempt of a stage partition or of an output
/// on one batch, find the batch they run in: the thread's current frame.
///
/// What they add to accumulators is kept here and becomes a part of the task's result (`take`); the
/// next attempt starts from nothing. Single-threaded; frames of one thread nest. Where a task does
/// its work on several threads, each call has a frame of its own there, which the task's frame
/// takes over.
class task_frame {
public:
  explicit task_frame(batch_time time);
  task_frame(const task_frame&) = delete;
  task_frame& operator=(const task_frame&) = delete;
  ~task_frame();

  /// The innermost frame of the calling thread, or null outside of tasks.
  static task_frame* current() noexcept;

  batch_time time() const noexcept { return additions_.time_; }

  /// What this task has added so far; kept until `take`.
  accumulator_cell::bits& added_to(const std::shared_ptr<accumulator_cell>& cell);

  /// The value that the task sees of something shared, or null if it has not asked yet.
  const void* seen(const void* shared) const noexcept;
  void remember(const void* shared, std::shared_ptr<const void> value);

  /// Counts what the frame of a part of this task has added as this one's.
  void take_over(const task_frame& part);

  /// All that the task has added, which is forgotten here.
  task_additions take() noexcept;

  /// Makes the current task fail with `why`, whatever becomes of the exception: for what fails in
  /// a call that user code makes and might catch. The first counts. Nothing outside of tasks.
  static void fail_current(std::exception_ptr why) noexcept;
  /// Throws what the current task failed with, if it did.
  static void throw_if_failed();

private:
  struct view {
    const void* shared;
    std::shared_ptr<const void> value;
  };

  task_additions additions_;
  task_frame* outer_;
  std::vector<view> views_;
  std::exception_ptr failure_;
};

} // namespace millrace
