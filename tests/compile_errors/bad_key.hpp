#pragma once

#include "millrace/flow/stream_context.hpp"

#include <cstddef>
#include <functional>

/// A key that lacks what MILLRACE_WITHOUT_HASH or MILLRACE_WITHOUT_EQUALITY says.
namespace app {

struct bad_key {
  int x = 0;
#ifndef MILLRACE_WITHOUT_EQUALITY
  bool operator==(const bad_key&) const = default;
#endif
};

} // namespace app

#ifndef MILLRACE_WITHOUT_HASH
template <>
struct std::hash<app::bad_key> {
  std::size_t operator()(const app::bad_key& key) const { return static_cast<std::size_t>(key.x); }
};
#endif

namespace app {

template <class Key>
using stream_of = millrace::dstream<std::pair<Key, int>>;

} // namespace app
