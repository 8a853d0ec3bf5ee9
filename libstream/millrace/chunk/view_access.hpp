#pragma once

#include "millrace/chunk/contains_view.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace millrace {

/// How the views inside a `T` are reached where they are: `each(value, f)` calls `f` with a
/// `std::string_view&` for each. Nothing to reach in a type without views. Sets and maps, whose
/// keys cannot be changed, are out of reach, and so is a record type of your own that holds views
/// until you specialise this for it, beside `contains_view` and `owned`.
template <class T>
struct view_access {
  static constexpr bool reachable = !contains_view_v<T>;
  template <class F>
  static void each(T&, F&&) {}
};

template <class T>
inline constexpr bool views_reachable = view_access<T>::reachable;

template <>
struct view_access<std::string_view> {
  static constexpr bool reachable = true;
  template <class F>
  static void each(std::string_view& value, F&& f) {
    f(value);
  }
};

template <class A, class B>
struct view_access<std::pair<A, B>> {
  static constexpr bool reachable = views_reachable<A> && views_reachable<B>;
  template <class F>
  static void each(std::pair<A, B>& value, F&& f) {
    view_access<A>::each(value.first, f);
    view_access<B>::each(value.second, f);
  }
};

template <class... Ts>
struct view_access<std::tuple<Ts...>> {
  static constexpr bool reachable = (views_reachable<Ts> && ...);
  template <class F>
  static void each(std::tuple<Ts...>& value, F&& f) {
    std::apply([&](Ts&... parts) { (view_access<Ts>::each(parts, f), ...); }, value);
  }
};

template <class T>
struct view_access<std::optional<T>> {
  static constexpr bool reachable = views_reachable<T>;
  template <class F>
  static void each(std::optional<T>& value, F&& f) {
    if (value)
      view_access<T>::each(*value, f);
  }
};

template <class... Ts>
struct view_access<std::variant<Ts...>> {
  static constexpr bool reachable = (views_reachable<Ts> && ...);
  template <class F>
  static void each(std::variant<Ts...>& value, F&& f) {
    std::visit([&]<class T>(T& held) { view_access<T>::each(held, f); }, value);
  }
};

/// Arrays, vectors, and other containers of views whose elements may be changed.
template <class T>
requires contains_view_v<T> && requires(T& value) {
  { *std::begin(value) } -> std::same_as<typename T::value_type&>;
}
struct view_access<T> {
  using element = typename T::value_type;
  static constexpr bool reachable = views_reachable<element>;
  template <class F>
  static void each(T& value, F&& f) {
    for (element& part : value)
      view_access<element>::each(part, f);
  }
};

} // namespace millrace
