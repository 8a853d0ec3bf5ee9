// error: the key type needs a hash
#include "keys.hpp"

auto joined(const app::stream_of<app::without_hash>& pairs) { return pairs.join(pairs); }
