#pragma once

#include "millrace/codec/bytes.hpp"

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

/// The name under which a record type is known outside of this program: in files, and in messages.
/// Types that are encoded in one way share a name ("text" for std::string and std::string_view).
/// The name of a type of your own is what it is called in the source, with its namespaces; when it
/// is renamed, or is to be read from files of another type, specialise this with the old name.
template <class T>
struct type_name {
  static std::string get() {
    // "... [with T = ns::name; std::string = ...]" or "... [T = ns::name]", by compiler.
    std::string_view name = __PRETTY_FUNCTION__;
    name.remove_prefix(name.find("T = ") + 4);
    return std::string{name.substr(0, name.find_first_of(";]"))};
  }
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
    return (std::is_signed_v<T> ? "i" : "u") + std::to_string(8 * sizeof(T));
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
  static std::string get() {
    std::string parts;
    ((parts += (parts.empty() ? "" : ",") + type_name_of<Parts>()), ...);
    return "(" + parts + ")";
  }
};

template <class A, class B>
struct type_name<std::pair<A, B>> : type_name<std::tuple<A, B>> {};

template <class T>
struct type_name<std::optional<T>> {
  static std::string get() { return type_name_of<T>() + "?"; }
};

template <class T>
struct type_name<std::vector<T>> {
  static std::string get() { return "[" + type_name_of<T>() + "]"; }
};

/// Maps of all kinds.
template <class Map>
requires requires {
  typename Map::key_type;
  typename Map::mapped_type;
}
struct type_name<Map> {
  static std::string get() {
    return "{" + type_name_of<typename Map::key_type>() + ":" +
           type_name_of<typename Map::mapped_type>() + "}";
  }
};

} // namespace millrace
