#pragma once

#include "millrace/chunk/owned.hpp"

#include <concepts>
#include <type_traits>

namespace millrace::detail {

template <class K, class Q>
concept comparable_key = requires(const K& kept, const Q& wanted) {
  { kept == wanted } -> std::convertible_to<bool>;
};

/// What to look up in a store with keys of type `K`: the key itself where the two compare and a `K`
/// can be made from it, as std::string_view for std::string; otherwise an owned copy.
template <class K, class Q>
decltype(auto) lookup_key(const Q& key) {
  if constexpr (comparable_key<K, Q> && std::is_constructible_v<K, const Q&>) {
    return (key);
  } else {
    static_assert(std::is_same_v<owned_t<Q>, K>, "this is not a key of this store");
    return to_owned<Q>(key);
  }
}

} // namespace millrace::detail
