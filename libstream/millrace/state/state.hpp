#pragma once

#include "millrace/base/error.hpp"
#include "millrace/chunk/stored.hpp"

#include <concepts>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace {

/// What a user's function did to a state.
enum class state_change { none, updated, removed };

/// The state of one key, as the function of `map_with_state` sees it: Spark's State. It lives for
/// one call of that function, on its thread, and must not be kept. Misuse throws stream_error with
/// Spark's words: `get` not_found, the others invalid_argument; the state is then as before.
///
/// What belongs to the function comes first; from `state_change change()` on it is for the store
/// that lends the state.
template <class S>
class state {
  static_assert(!contains_view_v<S>,
                "a state outlives its batch and must own its text: std::string, or owned_t<S>");

public:
  bool exists() const noexcept { return value_ != nullptr; }

  /// Holds until the next `update` or `remove`.
  const S& get() const {
    if (!value_) [[unlikely]]
      throw stream_error(errc::not_found, "State is not set");
    return *value_;
  }

  std::optional<S> get_option() const {
    return value_ ? std::optional<S>(*value_) : std::optional<S>();
  }

  /// Not after `remove`, nor while timing out.
  void update(S value) {
    if (change_ == state_change::removed || timing_out_) [[unlikely]]
      throw_unchangeable(timing_out_ ? "Cannot update the state that is timing out"
                                     : "Cannot update the state after it has been removed");
    if (place_) {
      *place_ = std::move(value);
      value_ = place_;
    } else {
      value_ = &fresh_.emplace(std::move(value));
    }
    change_ = state_change::updated;
  }

  /// A number whose fraction, or whose upper half, would be lost without a word.
  template <class U>
  requires detail::cuts_number<U, S>
  void update(U) = delete;

  /// Not twice, nor while timing out. Also allowed where no state exists.
  void remove() {
    if (change_ == state_change::removed || timing_out_) [[unlikely]]
      throw_unchangeable(timing_out_ ? "Cannot remove the state that is timing out"
                                     : "Cannot remove the state that has already been removed");
    value_ = nullptr;
    change_ = state_change::removed;
  }

  /// Whether this is the last call for a key that had no data for the time allowed.
  bool is_timing_out() const noexcept { return timing_out_; }

  /// The value as `<<` or `to_string` writes it, "<state not set>" if there is none.
  std::string to_string() const {
    if (!value_)
      return "<state not set>";
    if constexpr (requires(std::ostream& out, const S& value) { out << value; }) {
      std::ostringstream out;
      out << *value_;
      return std::move(out).str();
    } else {
      return std::string(adl_to_string(*value_));
    }
  }

  state_change change() const noexcept { return change_; }

  /// No state yet.
  state() = default;

  /// `current`, or none if it is null, left as it is: `update` keeps the new value aside.
  explicit state(const S* current, bool timing_out = false)
      : value_{current}, timing_out_{timing_out} {}

  /// The value at `place`, or none unless `exists`; `update` assigns to it.
  state(S& place, bool exists) : value_{exists ? &place : nullptr}, place_{&place} {}

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// The value kept aside, after an `update`.
  S take() { return std::move(*fresh_); }

private:
  [[noreturn, gnu::noinline]] static void throw_unchangeable(const char* text) {
    throw stream_error(errc::invalid_argument, text);
  }

  static auto adl_to_string(const S& value) {
    using std::to_string;
    return to_string(value);
  }

  const S* value_ = nullptr;
  S* place_ = nullptr;
  std::optional<S> fresh_;
  state_change change_ = state_change::none;
  bool timing_out_ = false;
};

} // namespace millrace
