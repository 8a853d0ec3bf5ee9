#include "millrace/op/task_frame.hpp"

#include <utility>

namespace millrace {

namespace {
thread_local task_frame* innermost = nullptr;
}

task_frame::task_frame(batch_time time) : time_{time}, outer_{std::exchange(innermost, this)} {}

task_frame::~task_frame() { innermost = outer_; }

task_frame* task_frame::current() noexcept { return innermost; }

accumulator_cell::bits& task_frame::added_to(const std::shared_ptr<accumulator_cell>& cell) {
  for (auto& a : additions_)
    if (a.cell == cell)
      return a.added;
  return additions_.emplace_back(addition{cell, cell->zero()}).added;
}

const void* task_frame::seen(const void* shared) const noexcept {
  for (auto& v : views_)
    if (v.shared == shared)
      return v.value.get();
  return nullptr;
}

void task_frame::remember(const void* shared, std::shared_ptr<const void> value) {
  views_.push_back({shared, std::move(value)});
}

void task_frame::take_over(const task_frame& part) {
  for (auto& a : part.additions_) {
    auto& sum = added_to(a.cell);
    sum = a.cell->sum(sum, a.added);
  }
}

void task_frame::commit() {
  for (auto& a : additions_)
    a.cell->commit(time_, a.added);
  additions_.clear();
}

void task_frame::fail_current(std::exception_ptr why) noexcept {
  if (innermost && !innermost->failure_)
    innermost->failure_ = std::move(why);
}

void task_frame::throw_if_failed() {
  if (innermost && innermost->failure_)
    std::rethrow_exception(innermost->failure_);
}

} // namespace millrace
