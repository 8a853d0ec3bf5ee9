// error: the key type needs a hash
#include "millrace/flow/stream_context.hpp"

#include <cstddef>
#include <functional>

namespace app {

struct place {
  int x = 0;
  int y = 0;
  bool operator==(const place&) const = default;
};

} // namespace app

#ifdef MILLRACE_RIGHT
template <>
struct std::hash<app::place> {
  std::size_t operator()(const app::place& p) const {
    return static_cast<std::size_t>(p.x) * 31U + static_cast<std::size_t>(p.y);
  }
};
#endif

auto visits(const millrace::dstream<app::place>& places) {
  return places.map([](app::place p) { return std::pair{p, 1}; }).reduce_by_key(std::plus<int>{});
}
