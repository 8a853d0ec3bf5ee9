#pragma once

#include "millrace/chunk/stored.hpp"

namespace millrace {

/// `combine(a, b)` for neighbours, `a` the older: associative, not necessarily commutative.
template <class F, class V>
concept combines = requires(F& combine, const V& older, const V& newer) {
  { combine(older, newer) } -> stored_as<V>;
};

} // namespace millrace
