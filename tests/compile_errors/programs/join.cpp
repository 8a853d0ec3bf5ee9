// error: the key type needs a hash
#include "../bad_key.hpp"

auto joined(const app::stream_of<app::bad_key>& pairs) { return pairs.join(pairs); }
