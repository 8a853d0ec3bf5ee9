#pragma once

#include "millrace/chunk/contains_view.hpp"

#include <string>

namespace millrace {

/// Maps a record type to the one that owns all its bytes: `std::string_view` becomes `std::string`,
/// through pair, tuple, optional and vector; a type without views maps to itself. Specialise it
/// (`type` and a static `from`) together with `contains_view` for a record type of your own that
/// holds views.
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

} // namespace millrace
