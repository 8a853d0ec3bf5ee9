#pragma once

#include "millrace/chunk/owned.hpp"

#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {

/// Whether every value of the number type From is a value of the number type To.
template <class From, class To>
consteval bool widens() {
  if constexpr (!std::is_arithmetic_v<From> || !std::is_arithmetic_v<To> || std::same_as<To, bool>)
    return false;
  else if constexpr (std::is_floating_point_v<From>)
    return std::is_floating_point_v<To> &&
           std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits;
  else
    return (std::is_unsigned_v<From> || std::is_signed_v<To>)&&std::numeric_limits<From>::digits <=
           std::numeric_limits<To>::digits;
}

template <class From, class To>
struct keeps_value : std::bool_constant<std::same_as<From, To> || widens<From, To>()> {};

/// A string copies the text; a view of a string would point to what is gone.
template <class From>
struct keeps_value<From, std::string>
    : std::bool_constant<std::convertible_to<const From&, std::string_view>> {};

template <class From, class To>
struct keeps_value<From, std::optional<To>>
    : std::bool_constant<std::same_as<From, std::nullopt_t> || keeps_value<From, To>::value> {};
template <class From, class To>
struct keeps_value<std::optional<From>, std::optional<To>> : keeps_value<From, To> {};

template <class A, class B, class C, class D>
struct keeps_value<std::pair<A, B>, std::pair<C, D>>
    : std::conjunction<keeps_value<A, C>, keeps_value<B, D>> {};

template <class... As, class... Bs>
requires(sizeof...(As) == sizeof...(Bs))
struct keeps_value<std::tuple<As...>, std::tuple<Bs...>>
    : std::conjunction<keeps_value<As, Bs>...> {};

} // namespace detail

/// A value of type From can be kept as a To without losing anything: both are one type, a number
/// becomes one of a type that has all its values, or text becomes a `std::string`; also inside
/// pair, tuple and optional. Not what else C++ converts silently: a `std::string` to a view, which
/// would dangle, or a double to an int.
template <class From, class To>
concept stored_as = detail::keeps_value<std::remove_cvref_t<From>, To>::value;

/// The result of a user's function as the type that is kept.
template <class To, class From>
requires stored_as<From, To>
To as_stored(From&& from) {
  return To(std::forward<From>(from));
}

namespace detail {
template <class F, class V>
consteval auto reduced() {
  if constexpr (std::invocable<F&, V, V>) {
    using result = std::invoke_result_t<F&, V, V>;
    if constexpr (stored_as<result, V>)
      return std::type_identity<V>{};
    else if constexpr (stored_as<result, owned_t<V>>)
      return std::type_identity<owned_t<V>>{};
  }
}
} // namespace detail

/// `f(a, b)` over values of type V gives a V, or what it gives can be kept as the V that owns its
/// bytes: `f(string_view, string_view) -> string`.
template <class F, class V>
concept reduces = !std::is_void_v<decltype(detail::reduced<F, V>())>;

/// What a reduction of values of type V by F results in: V, or `owned_t<V>` when F returns values
/// that own their bytes.
template <class F, class V>
requires reduces<F, V>
using reduced_t = typename decltype(detail::reduced<F, V>())::type;

/// The error of a reduction whose function returns something else, in one sentence.
template <class F, class V>
consteval void check_reduces() {
  static_assert(
      reduces<F, V>,
      "the function of a reduction must return the type of its values, or for values that "
      "hold views the type that owns their text; nothing else is converted, so state the "
      "type in the function: `-> T`");
}

/// The same for `merge(combiner, value)`, whose result replaces the combiner.
template <class Merge, class C, class V>
consteval void check_combines() {
  static_assert(stored_as<std::invoke_result_t<Merge&, C, V>, C>,
                "merge_value and merge_combiners must return the type that create returns; nothing "
                "else is converted, so state that type in each function: `-> C`");
}

/// The start of a reduction: the first value, as the type R of its result.
template <class R, class V>
R reduce_start(V&& first) {
  if constexpr (std::same_as<R, std::remove_cvref_t<V>>)
    return std::forward<V>(first);
  else
    return to_owned(first);
}

/// Replaces `sum` by `f(sum, value)`. R is V, the type of the values, or what owns its bytes;
/// `value` is of one of the two.
template <class V, class F, class R, class Value>
void reduce_into(F& f, R& sum, Value&& value) {
  if constexpr (std::same_as<R, V> || !std::convertible_to<const R&, V>)
    sum = as_stored<R>(std::invoke(f, std::move(sum), std::forward<Value>(value)));
  else // views of `sum`, which is replaced only when the result has been made
    sum = as_stored<R>(std::invoke(f, V(std::as_const(sum)), V(std::as_const(value))));
}

} // namespace millrace
