// error: the key type needs a hash
#include "../bad_key.hpp"

auto parts(const app::stream_of<app::bad_key>& pairs) { return pairs.partition_by(2); }
