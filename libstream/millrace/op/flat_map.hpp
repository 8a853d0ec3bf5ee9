#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/chunk/stored.hpp"
#include "millrace/op/op.hpp"
#include "millrace/op/task_frame.hpp"

#include <exception>
#include <functional>
#include <ranges>

namespace millrace {

/// What a flat_map function pushes its results to: `emit(value)`. Valid only during the call it is
/// given to.
template <class T>
class emitter {
public:
  using value_type = T;

  emitter(chunk_buffer<T>& buffer, consumer<T>& down) : buffer_{buffer}, down_{down} {}

  template <class U>
  void operator()(U&& value) {
    static_assert(
        stored_as<U, T>,
        "emit takes the element type of the new stream; what would lose a part of a number, "
        "or make a view of a string that does not live as long, is not converted");
    if (buffer_.full())
      flush();
    buffer_.emplace(std::forward<U>(value));
  }

  /// What fails below fails the task, also if the function that emits catches it: what is below
  /// has taken a part of the records, and has to begin again.
  void flush() {
    task_frame::throw_if_failed();
    if (!buffer_.empty())
      send();
    buffer_.clear();
  }

private:
  void send() {
    try {
      down_.consume(buffer_.records());
    } catch (...) {
      task_frame::fail_current(std::current_exception());
      throw;
    }
  }

  chunk_buffer<T>& buffer_;
  consumer<T>& down_;
};

/// `flat_map(f)` with `f(record, emit)`: any number of results, in order.
template <class In, class Out, class F>
class flat_map_emit_op final : public op<In, Out> {
public:
  flat_map_emit_op(op_info_ptr info, consumer<Out>& down, F f)
      : op<In, Out>{std::move(info), down}, f_{std::move(f)}, emit_{out_, down} {}

  void begin(const batch_context& context) override {
    out_.begin_batch();
    op<In, Out>::begin(context);
  }

  void consume(std::span<In> records) override {
    guarded(this->info(), [&] {
      for (auto& record : records)
        std::invoke(f_, std::move(record), emit_);
    });
    emit_.flush();
  }

private:
  F f_;
  chunk_buffer<Out> out_;
  emitter<Out> emit_;
};

/// Whether the elements of what a function returned may be moved from: it gave the container away.
template <class Range>
inline constexpr bool gives_elements_away =
    !std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>>;

/// Turns a function that returns a range into one that emits the range's elements.
template <class F>
class emit_range {
public:
  explicit emit_range(F f) : f_{std::move(f)} {}

  template <class In, class Out>
  void operator()(In&& record, emitter<Out>& emit) {
    for (auto&& element : std::invoke(f_, std::forward<In>(record))) {
      if constexpr (gives_elements_away<std::invoke_result_t<F&, In>>)
        emit(std::move(element));
      else
        emit(element);
    }
  }

private:
  F f_;
};

} // namespace millrace
