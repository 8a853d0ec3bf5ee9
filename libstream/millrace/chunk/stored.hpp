#pragma once

#include "millrace/chunk/owned.hpp"

#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <ranges>
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

/// Conversions of numbers at a call that lose what nobody would look for: a fraction, or the upper
/// half of 8 bytes. Literals, which are ints, may become narrower.
template <class From, class To>
concept cuts_number =
    (std::floating_point<From> && std::integral<To>) ||
    (std::integral<From> && std::integral<To> && sizeof(From) == 8 && sizeof(To) < 8);

/// Which conversions of numbers keep a value: to wider types, or (for what is computed again and
/// again) to the same type only. bool counts as a number of any type.
enum class number_rule { widen, same };

template <class From, class To, number_rule Rule>
consteval bool keeps_number() {
  return widens<From, To>() && (Rule == number_rule::widen || std::same_as<From, bool>);
}

/// A class, apart from those below, takes what it is made of into its own keeping.
template <class From, class To>
concept taken_by_class = std::is_class_v<To> && !contains_view_v<To> && !std::ranges::view<To> &&
                         std::convertible_to<From, To>;

template <class From, class To, number_rule Rule>
struct keeps_value : std::bool_constant<std::same_as<From, To> || keeps_number<From, To, Rule>() ||
                                        taken_by_class<From, To>> {};

/// A string copies the text; a view of a string would point to what is gone.
template <class From, number_rule Rule>
struct keeps_value<From, std::string, Rule>
    : std::bool_constant<std::convertible_to<const From&, std::string_view>> {};

template <class From, class To, number_rule Rule>
struct keeps_value<From, std::optional<To>, Rule>
    : std::bool_constant<std::same_as<From, std::nullopt_t> || keeps_value<From, To, Rule>::value> {
};
template <class From, class To, number_rule Rule>
struct keeps_value<std::optional<From>, std::optional<To>, Rule> : keeps_value<From, To, Rule> {};

template <class From, class C, class D, number_rule Rule>
struct keeps_value<From, std::pair<C, D>, Rule> : std::false_type {};
template <class A, class B, class C, class D, number_rule Rule>
struct keeps_value<std::pair<A, B>, std::pair<C, D>, Rule>
    : std::conjunction<keeps_value<std::remove_cvref_t<A>, C, Rule>,
                       keeps_value<std::remove_cvref_t<B>, D, Rule>> {};

template <class From, class... Bs, number_rule Rule>
struct keeps_value<From, std::tuple<Bs...>, Rule> : std::false_type {};
template <class... As, class... Bs, number_rule Rule>
requires(sizeof...(As) == sizeof...(Bs))
struct keeps_value<std::tuple<As...>, std::tuple<Bs...>, Rule>
    : std::conjunction<keeps_value<std::remove_cvref_t<As>, Bs, Rule>...> {};

} // namespace detail

/// A value of type From can be kept as a To without losing anything: both are one type, a number
/// becomes one of a type that has all its values, text becomes a `std::string`, or To is a class
/// that From converts to; also inside pair, tuple and optional. Not what else C++ converts
/// silently: a `std::string` to a view, which would dangle, or a double to an int.
template <class From, class To>
concept stored_as =
    detail::keeps_value<std::remove_cvref_t<From>, To, detail::number_rule::widen>::value;

/// The same for a result that takes the place of what it was computed from: numbers are of one
/// type. A function whose own type is narrower would cut each sum to it.
template <class From, class To>
concept replaces =
    detail::keeps_value<std::remove_cvref_t<From>, To, detail::number_rule::same>::value;

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
    if constexpr (replaces<result, V>)
      return std::type_identity<V>{};
    else if constexpr (replaces<result, owned_t<V>> && std::convertible_to<const owned_t<V>&, V>)
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
  static_assert(std::invocable<F&, V, V>,
                "the function of a reduction must be callable with two of its values");
  if constexpr (std::invocable<F&, V, V>)
    static_assert(reduces<F, V>,
                  "the function of a reduction must return the type of its values, or for values "
                  "that hold views the type that owns their text; nothing else is converted, so "
                  "state the type in the function: `-> T`");
}

/// The same for `merge(combiner, value)`, whose result replaces the combiner.
template <class Merge, class C, class V>
consteval void check_combines() {
  static_assert(
      std::invocable<Merge&, C, V>,
      "merge_value must be callable with what create returns and a value, merge_combiners "
      "with two of what create returns");
  if constexpr (std::invocable<Merge&, C, V>)
    static_assert(replaces<std::invoke_result_t<Merge&, C, V>, C>,
                  "merge_value and merge_combiners must return the type that create returns; "
                  "nothing else is converted, so state that type in each function: `-> C`");
}

/// The start of a reduction: the first value, as the type R of its result.
template <class R, class V>
R reduce_start(V&& first) {
  if constexpr (std::same_as<R, std::remove_cvref_t<V>>)
    return std::forward<V>(first);
  else
    return to_owned(first);
}

/// `f(sum, value)` as an R, which is V, the type of the values, or what owns its bytes; `value` is
/// of one of the two.
template <class V, class R, class F, class Value>
decltype(auto) reduce_step(F& f, R& sum, Value&& value) {
  if constexpr (std::same_as<R, V>)
    return std::invoke(f, std::move(sum), std::forward<Value>(value));
  else // views of `sum`, which lives until the result has been stored
    return std::invoke(f, V(std::as_const(sum)), V(std::as_const(value)));
}

/// Replaces `sum` by `f(sum, value)`.
template <class V, class F, class R, class Value>
void reduce_into(F& f, R& sum, Value&& value) {
  using result = decltype(reduce_step<V>(f, sum, std::forward<Value>(value)));
  if constexpr (std::same_as<result, R>)
    sum = reduce_step<V>(f, sum, std::forward<Value>(value));
  else
    sum = as_stored<R>(reduce_step<V>(f, sum, std::forward<Value>(value)));
}

} // namespace millrace
