#pragma once

#include "millrace/chunk/stored.hpp"
#include "millrace/op/task_frame.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace {

/// A number of at most 8 bytes.
template <class T>
concept accumulable = std::is_arithmetic_v<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

/// A sum that functions of a job add to, such as the number of bad records.
///
/// A cheap handle, captured by value. Inside a job each successful task counts once, however often
/// it was tried (Spark counts failed attempts of transformations too); what a batch has added is
/// complete when listeners hear of its completion. Outside of tasks `add` counts at once. All calls
/// are thread-safe; adding inside a task neither locks nor allocates after the first time. Values
/// of the last 128 batches are kept. Sums wrap or round as T does.
template <accumulable T>
class accumulator {
public:
  explicit accumulator(std::string name, T initial = T{})
      : cell_{std::make_shared<cell>(std::move(name), initial)} {}

  void add(T value) const {
    if (auto* frame = task_frame::current()) {
      auto& bits = frame->added_to(cell_);
      bits = to_bits(plus(from_bits(bits), value));
    } else {
      cell_->add(value);
    }
  }
  const accumulator& operator+=(T value) const {
    add(value);
    return *this;
  }
  /// A fraction, or a number of 8 bytes, that the sum could not hold is refused: round it first, or
  /// sum in a wider type.
  template <class U>
  requires detail::cuts_number<U, T>
  void add(U) const = delete;
  template <class U>
  requires detail::cuts_number<U, T>
  const accumulator& operator+=(U) const = delete;

  const std::string& name() const noexcept { return cell_->name; }
  /// The initial value and everything that counts so far.
  T value() const { return cell_->total_now(); }
  /// What the tasks of a batch have added, if any has and the batch is recent.
  std::optional<T> in_batch(batch_time time) const { return cell_->of(time); }

private:
  static T plus(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) +
                            static_cast<std::make_unsigned_t<T>>(b));
    else
      return a + b;
  }
  static accumulator_cell::bits to_bits(T value) {
    accumulator_cell::bits out{};
    std::copy_n(reinterpret_cast<const std::byte*>(&value), sizeof(T), out.begin());
    return out;
  }
  static T from_bits(const accumulator_cell::bits& bits) {
    T out;
    std::copy_n(bits.begin(), sizeof(T), reinterpret_cast<std::byte*>(&out));
    return out;
  }

  struct cell final : accumulator_cell {
    cell(std::string n, T initial) : name{std::move(n)}, total{initial} {}

    bits zero() const override { return to_bits(T{}); }
    bits sum(bits a, bits b) const override { return to_bits(plus(from_bits(a), from_bits(b))); }
    void commit(batch_time time, bits added) noexcept override {
      std::lock_guard guard{mutex};
      const T more = from_bits(added);
      total = plus(total, more);
      const auto end = batches.begin() + static_cast<std::ptrdiff_t>(known);
      const auto at = std::lower_bound(batches.begin(), end, time, is_before);
      if (at != end && at->first == time) {
        at->second = plus(at->second, more);
      } else if (known < max_batches) {
        std::move_backward(at, end, end + 1);
        *at = {time, more};
        ++known;
      } else if (at != batches.begin()) { // the oldest goes
        std::move(batches.begin() + 1, at, batches.begin());
        *(at - 1) = {time, more};
      }
    }
    void add(T value) {
      std::lock_guard guard{mutex};
      total = plus(total, value);
    }
    T total_now() const {
      std::lock_guard guard{mutex};
      return total;
    }
    std::optional<T> of(batch_time time) const {
      std::lock_guard guard{mutex};
      const auto end = batches.begin() + static_cast<std::ptrdiff_t>(known);
      const auto at = std::lower_bound(batches.begin(), end, time, is_before);
      return at == end || at->first != time ? std::nullopt : std::optional{at->second};
    }

    using of_batch = std::pair<batch_time, T>;
    static bool is_before(const of_batch& a, batch_time b) { return a.first < b; }

    static constexpr std::size_t max_batches = 128;
    const std::string name;
    mutable std::mutex mutex;
    T total;
    /// The first `known` are in order. Of fixed size, so that counting needs no memory.
    std::array<of_batch, max_batches> batches;
    std::size_t known = 0;
  };

  std::shared_ptr<cell> cell_;
};

} // namespace millrace
