#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace millrace {

/// True when a `T` refers to bytes that it does not own: `std::string_view`, or a pair, tuple,
/// optional, array, variant or container with one inside. Such values live as long as the batch
/// whose text they point into; `to_owned` makes them independent. Specialise it for a record type
/// of your own that holds views, and `owned` and `view_access` with it.
template <class T>
struct contains_view : std::false_type {};

template <>
struct contains_view<std::string_view> : std::true_type {};

template <class T>
struct contains_view<const T> : contains_view<T> {};

template <class A, class B>
struct contains_view<std::pair<A, B>> : std::disjunction<contains_view<A>, contains_view<B>> {};

template <class... Ts>
struct contains_view<std::tuple<Ts...>> : std::disjunction<contains_view<Ts>...> {};

template <class T>
struct contains_view<std::optional<T>> : contains_view<T> {};

template <class T, class Allocator>
struct contains_view<std::vector<T, Allocator>> : contains_view<T> {};

template <class T, std::size_t N>
struct contains_view<std::array<T, N>> : contains_view<T> {};

template <class... Ts>
struct contains_view<std::variant<Ts...>> : std::disjunction<contains_view<Ts>...> {};

/// Containers such as sets and maps.
template <class T>
requires requires { typename T::allocator_type; } && (!std::same_as<typename T::value_type, T>)
struct contains_view<T> : contains_view<typename T::value_type> {};

template <class T>
inline constexpr bool contains_view_v = contains_view<T>::value;

} // namespace millrace
