#pragma once

#include "millrace/chunk/contains_view.hpp"

#include <concepts>
#include <string>
#include <utility>

namespace millrace {

/// Maps a record type to the one that owns all its bytes: `std::string_view` becomes `std::string`,
/// through pair, tuple, optional, variant, array and containers; a type without views maps to
/// itself. Specialise it (`type` and a static `from`) together with `contains_view` for a record
/// type of your own that holds views.
template <class T>
struct owned {
  static_assert(!contains_view_v<T>,
                "specialise millrace::owned for this record type: it holds string views");
  using type = T;
  static const T& from(const T& value) { return value; }
};

template <class T>
using owned_t = typename owned<T>::type;

/// Copies `value` so that the result no longer refers to the text of its batch. May throw
/// std::bad_alloc.
template <class T>
owned_t<T> to_owned(const T& value) {
  return owned<T>::from(value);
}

template <class T>
requires contains_view_v<T>
struct owned<const T> : owned<T> {};

template <>
struct owned<std::string_view> {
  using type = std::string;
  static std::string from(std::string_view value) { return std::string(value); }
};

template <class A, class B>
struct owned<std::pair<A, B>> {
  using type = std::pair<owned_t<A>, owned_t<B>>;
  static type from(const std::pair<A, B>& value) {
    return {to_owned<A>(value.first), to_owned<B>(value.second)};
  }
};

template <class... Ts>
struct owned<std::tuple<Ts...>> {
  using type = std::tuple<owned_t<Ts>...>;
  static type from(const std::tuple<Ts...>& value) {
    return std::apply([](const Ts&... parts) { return type(to_owned<Ts>(parts)...); }, value);
  }
};

template <class T>
struct owned<std::optional<T>> {
  using type = std::optional<owned_t<T>>;
  static type from(const std::optional<T>& value) {
    return value ? type(to_owned<T>(*value)) : type();
  }
};

template <class T, class Allocator>
struct owned<std::vector<T, Allocator>> {
  using type =
      std::conditional_t<contains_view_v<T>, std::vector<owned_t<T>>, std::vector<T, Allocator>>;
  static type from(const std::vector<T, Allocator>& value) {
    if constexpr (contains_view_v<T>) {
      type copy;
      copy.reserve(value.size());
      for (const T& part : value)
        copy.push_back(to_owned<T>(part));
      return copy;
    } else {
      return value;
    }
  }
};

template <class T, std::size_t N>
struct owned<std::array<T, N>> {
  using type = std::array<owned_t<T>, N>;
  static type from(const std::array<T, N>& value) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return type{to_owned<T>(value[I])...};
    }(std::make_index_sequence<N>{});
  }
};

template <class... Ts>
struct owned<std::variant<Ts...>> {
  using type = std::variant<owned_t<Ts>...>;
  static type from(const std::variant<Ts...>& value) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      std::optional<type> copy;
      ((value.index() == I
            ? void(copy.emplace(std::in_place_index<I>, to_owned<Ts>(std::get<I>(value))))
            : void()),
       ...);
      return std::move(*copy);
    }(std::index_sequence_for<Ts...>{});
  }
};

namespace detail {
/// A copy of a container, element by element, as another of its kind.
template <class To, class From>
To owned_elements(const From& from) {
  To copy;
  for (const auto& element : from)
    copy.insert(copy.end(), to_owned(element));
  return copy;
}

template <class Container, class Standard>
concept container_of_views = std::same_as<Container, Standard> && requires {
  typename Container::allocator_type;
} && contains_view_v<Container>;
} // namespace detail

/// Sets, lists and maps, with the comparison, hash and allocator that they have by default.
template <template <class...> class Container, class T, class... Rest>
requires detail::container_of_views<Container<T, Rest...>, Container<T>>
struct owned<Container<T, Rest...>> {
  using type = Container<owned_t<T>>;
  static type from(const Container<T, Rest...>& value) {
    return detail::owned_elements<type>(value);
  }
};
template <template <class...> class Container, class K, class V, class... Rest>
requires detail::container_of_views<Container<K, V, Rest...>, Container<K, V>> &&
         requires { typename Container<K, V, Rest...>::mapped_type; }
struct owned<Container<K, V, Rest...>> {
  using type = Container<owned_t<K>, owned_t<V>>;
  static type from(const Container<K, V, Rest...>& value) {
    return detail::owned_elements<type>(value);
  }
};

} // namespace millrace
