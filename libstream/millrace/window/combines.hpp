#pragma once

#include <concepts>

namespace millrace {

/// `combine(a, b)` for neighbours, `a` the older: associative, not necessarily commutative.
template <class F, class V>
concept combines = requires(F& combine, const V& older, const V& newer) {
  { combine(older, newer) } -> std::convertible_to<V>;
};

} // namespace millrace
