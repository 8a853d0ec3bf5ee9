// error: the key type needs a hash
#include "../bad_key.hpp"

auto summed(const millrace::batch<std::pair<app::bad_key, int>>& pairs) {
  return pairs.reduce_by_key([](int a, int b) { return a + b; });
}
