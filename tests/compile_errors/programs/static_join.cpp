// error: the key type needs a hash
#include "../bad_key.hpp"

auto joined(const app::stream_of<app::bad_key>& pairs,
            const millrace::batch<std::pair<app::bad_key, int>>& known) {
  return pairs.join(known);
}
