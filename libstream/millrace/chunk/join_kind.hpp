#pragma once

#include <optional>
#include <utility>

namespace millrace {

/// Which records without a partner a join keeps.
enum class join_kind { inner, left_outer, right_outer, full_outer };

constexpr bool keeps_left(join_kind k) {
  return k == join_kind::left_outer || k == join_kind::full_outer;
}
constexpr bool keeps_right(join_kind k) {
  return k == join_kind::right_outer || k == join_kind::full_outer;
}

namespace detail {
template <class T, bool Optional>
struct maybe_optional {
  using type = T;
};
template <class T>
struct maybe_optional<T, true> {
  using type = std::optional<T>;
};
} // namespace detail

/// The value that a join gives to a key: a side that may be missing is optional.
template <join_kind Kind, class V, class W>
using joined_t = std::pair<typename detail::maybe_optional<V, keeps_right(Kind)>::type,
                           typename detail::maybe_optional<W, keeps_left(Kind)>::type>;

} // namespace millrace
