#include "millrace/op/task_frame.hpp"

#include <utility>

namespace millrace {

namespace {
thread_local task_frame* innermost = nullptr;
}

void task_additions::count() noexcept {
  for (auto& a : list_)
    a.cell->commit(time_, a.added);
  list_.clear();
}

task_frame::task_frame(batch_time time) : outer_{std::exchange(innermost, this)} {
  additions_.time_ = time;
}

task_frame::~task_frame() { innermost = outer_; }

task_frame* task_frame::current() noexcept { return innermost; }

accumulator_cell::bits& task_frame::added_to(const std::shared_ptr<accumulator_cell>& cell) {
  for (auto& a : additions_.list_)
    if (a.cell == cell)
      return a.added;
  return additions_.list_.emplace_back(task_additions::addition{cell, cell->zero()}).added;
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
  for (auto& a : part.additions_.list_) {
    auto& sum = added_to(a.cell);
    sum = a.cell->sum(sum, a.added);
  }
}

task_additions task_frame::take() noexcept {
  task_additions taken;
  taken.time_ = time();
  taken.list_.swap(additions_.list_);
  return taken;
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
