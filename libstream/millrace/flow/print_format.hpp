#pragma once

#include "millrace/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// Appends an element as `print` shows it, in Scala's style: `(key,value)`, `Some(x)`, `None`,
/// `[a,b]`; text as it is; own types through their `operator<<`.
template <class T>
void format_element(std::string& to, const T& value);

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };

template <class Tuple, std::size_t... I>
void format_tuple(std::string& to, const Tuple& value, std::index_sequence<I...>) {
  to += '(';
  ((to += I == 0 ? "" : ",", format_element(to, std::get<I>(value))), ...);
  to += ')';
}

/// As few digits as read back the same number, with `.0` where it would look like an integer.
void format_floating(std::string& to, double value);
void format_floating(std::string& to, float value);

template <class T>
void format_streamed(std::string& to, const T& value) {
  std::ostringstream out;
  out << value;
  to += out.str();
}

} // namespace detail

template <class T>
void format_element(std::string& to, const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    to += std::string_view{value};
  } else if constexpr (std::is_same_v<T, bool>) {
    to += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    to += value;
  } else if constexpr (std::is_integral_v<T>) {
    to += std::to_string(value);
  } else if constexpr (std::is_same_v<T, double> || std::is_same_v<T, float>) {
    detail::format_floating(to, value);
  } else if constexpr (detail::is_optional<T>) {
    if (!value) {
      to += "None";
      return;
    }
    to += "Some(";
    format_element(to, *value);
    to += ')';
  } else if constexpr (detail::is_vector<T>) {
    to += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      to += i == 0 ? "" : ",";
      format_element(to, value[i]);
    }
    to += ']';
  } else if constexpr (detail::tuple_like<T>) {
    detail::format_tuple(to, value, std::make_index_sequence<std::tuple_size_v<T>>{});
  } else {
    detail::format_streamed(to, value);
  }
}

/// The lines that `print` writes for one batch: a rule of 43 dashes, `Time: <ms> ms`, the rule, the
/// elements one a line, `...` when there are more, and an empty line.
std::string format_batch(std::int64_t time_ms, const std::vector<std::string>& elements, bool more);

/// Writes and flushes. An error, io_error, when the stream did not take it all; its failed state is
/// cleared then, so that another try is one.
result<void> write_batch(std::ostream& to, const std::string& text);

} // namespace millrace
