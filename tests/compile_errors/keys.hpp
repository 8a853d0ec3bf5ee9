#pragma once

#include "millrace/flow/stream_context.hpp"

#include <cstddef>
#include <functional>

/// Keys that lack one thing each, which they have with MILLRACE_RIGHT.
namespace app {

struct without_hash {
  int x = 0;
  bool operator==(const without_hash&) const = default;
};

struct without_equality {
  int x = 0;
#ifdef MILLRACE_RIGHT
  bool operator==(const without_equality&) const = default;
#endif
};

} // namespace app

#ifdef MILLRACE_RIGHT
template <>
struct std::hash<app::without_hash> {
  std::size_t operator()(const app::without_hash& key) const {
    return static_cast<std::size_t>(key.x);
  }
};
#endif

template <>
struct std::hash<app::without_equality> {
  std::size_t operator()(const app::without_equality& key) const {
    return static_cast<std::size_t>(key.x);
  }
};

namespace app {

template <class Key>
using stream_of = millrace::dstream<std::pair<Key, int>>;

} // namespace app
