// error: the key type needs a hash
#include "../bad_key.hpp"

auto visits(const millrace::dstream<app::bad_key>& places) {
  return places.map([](app::bad_key p) { return std::pair{p, 1}; }).reduce_by_key(std::plus<int>{});
}
