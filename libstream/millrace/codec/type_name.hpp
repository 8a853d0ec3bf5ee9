#pragma once

#include "millrace/codec/bytes.hpp"

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {
/// What T is called in a __PRETTY_FUNCTION__.
std::string type_in(std::string_view pretty_function);
/// The parts with a character between them. Out of line, as jobs have many types.
std::string enclosed(const char* before, std::initializer_list<std::string> parts,
                     const char* behind, char between = ',');
} // namespace detail

/// The name under which a record type is known outside of this program: in files, and in messages.
/// Types that are encoded in one way share a name ("text" for std::string and std::string_view).
/// The name of a type of your own is what it is called in the source, with its namespaces; when it
/// is renamed, or is to be read from files of another type, specialise this with the old name.
template <class T>
struct type_name {
  static std::string get() { return detail::type_in(__PRETTY_FUNCTION__); }
};

/// The name of T, or of what T owns.
template <class T>
[[nodiscard]] std::string type_name_of() {
  return type_name<std::remove_cv_t<T>>::get();
}

template <>
struct type_name<bool> {
  static std::string get() { return "bool"; }
};

template <std::integral T>
struct type_name<T> {
  static std::string get() {
    return detail::enclosed(std::is_signed_v<T> ? "i" : "u", {std::to_string(8 * sizeof(T))}, "");
  }
};

template <>
struct type_name<float> {
  static std::string get() { return "f32"; }
};

template <>
struct type_name<double> {
  static std::string get() { return "f64"; }
};

template <>
struct type_name<std::string> {
  static std::string get() { return "text"; }
};

template <>
struct type_name<std::string_view> {
  static std::string get() { return "text"; }
};

template <>
struct type_name<bytes> {
  static std::string get() { return "bytes"; }
};

template <class... Parts>
struct type_name<std::tuple<Parts...>> {
  static std::string get() { return detail::enclosed("(", {type_name_of<Parts>()...}, ")"); }
};

template <class A, class B>
struct type_name<std::pair<A, B>> : type_name<std::tuple<A, B>> {};

template <class T>
struct type_name<std::optional<T>> {
  static std::string get() { return detail::enclosed("", {type_name_of<T>()}, "?"); }
};

template <class T>
struct type_name<std::vector<T>> {
  static std::string get() { return detail::enclosed("[", {type_name_of<T>()}, "]"); }
};

/// Maps of all kinds.
template <class Map>
requires requires {
  typename Map::key_type;
  typename Map::mapped_type;
}
struct type_name<Map> {
  static std::string get() {
    return detail::enclosed(
        "{", {type_name_of<typename Map::key_type>(), type_name_of<typename Map::mapped_type>()},
        "}", ':');
  }
};

} // namespace millrace
