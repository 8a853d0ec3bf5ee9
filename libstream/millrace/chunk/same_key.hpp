#pragma once

#include "millrace/chunk/kernel/short_text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace millrace {

template <class A, class B>
bool same_key(const A& a, const B& b);

namespace detail {

template <class K>
inline constexpr bool is_text =
    std::is_same_v<K, std::string> || std::is_same_v<K, std::string_view>;

template <class K>
struct same_if_equal : std::bool_constant<!std::is_floating_point_v<K>> {};

/// Whether keys of this type are the same where `==` says so: no part that `key_hash` looks into is
/// a floating-point number. Parts may be references, as those of `std::tie`.
template <class K>
inline constexpr bool same_if_equal_v = same_if_equal<std::remove_cvref_t<K>>::value;

template <class A, class B>
struct same_if_equal<std::pair<A, B>>
    : std::bool_constant<same_if_equal_v<A> && same_if_equal_v<B>> {};
template <class... Ts>
struct same_if_equal<std::tuple<Ts...>> : std::bool_constant<(same_if_equal_v<Ts> && ...)> {};
template <class T>
struct same_if_equal<std::optional<T>> : same_if_equal<std::remove_cv_t<T>> {};
template <class T, class Allocator>
struct same_if_equal<std::vector<T, Allocator>> : same_if_equal<T> {};
template <class... Ts>
struct same_if_equal<std::variant<Ts...>> : std::bool_constant<(same_if_equal_v<Ts> && ...)> {};

template <class A, class B>
bool same_number(A a, B b) {
  return a == b || (a != a && b != b);
}

template <class A, class B, class C, class D>
bool same_parts(const std::pair<A, B>& a, const std::pair<C, D>& b) {
  return same_key(a.first, b.first) && same_key(a.second, b.second);
}

template <class... As, class... Bs>
bool same_parts(const std::tuple<As...>& a, const std::tuple<Bs...>& b) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (same_key(std::get<I>(a), std::get<I>(b)) && ...);
  }(std::index_sequence_for<As...>{});
}

template <class A, class B>
bool same_parts(const std::optional<A>& a, const std::optional<B>& b) {
  return a.has_value() == b.has_value() && (!a || same_key(*a, *b));
}

template <class A, class X, class B, class Y>
bool same_parts(const std::vector<A, X>& a, const std::vector<B, Y>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const A& x, const B& y) { return same_key(x, y); });
}

template <class... As, class... Bs>
bool same_parts(const std::variant<As...>& a, const std::variant<Bs...>& b) {
  return a.index() == b.index() && [&]<std::size_t... I>(std::index_sequence<I...>) {
    return ((a.index() != I || same_key(*std::get_if<I>(&a), *std::get_if<I>(&b))) && ...);
  }(std::index_sequence_for<As...>{});
}

} // namespace detail

/// Whether two keys are one key. As `==`, but NaN equals NaN, also inside pairs, tuples, optionals,
/// vectors and variants: otherwise each NaN would be one more key for ever. A type of your own is
/// compared by its `==`, which does well to use this for its floating-point parts.
template <class A, class B>
bool same_key(const A& a, const B& b) {
  if constexpr (std::is_floating_point_v<A>)
    return detail::same_number(a, b);
  else if constexpr (detail::is_text<A> && detail::is_text<B>)
    return detail::same_text(a, b);
  else if constexpr (detail::same_if_equal_v<A>)
    return a == b;
  else
    return detail::same_parts(a, b);
}

} // namespace millrace
